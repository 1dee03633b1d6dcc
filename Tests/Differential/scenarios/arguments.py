"""Arguments that no SDK passes: pointers past the end, enums that are none, lengths that lie."""

from steps import Scenario, get, probe, streamed_post

SCENARIOS = [
    Scenario(
        "arguments: log",
        [
            probe(
                "rh: raw log 2 end-3 4; raw log 2 end 0; raw log 2 end+1 0; raw log 2 0xffffffff 2; raw log 2 end-1"
                " 0xffffffff; raw log 6 end 4; raw log 2 0 0"
            )
        ],
        get(),
    ),
    Scenario(
        "arguments: header maps, reading",
        [
            probe(
                "rh: raw map_get 0 end 4 tmp tmp; raw map_get 0 @:path 5 end tmp; raw map_get 0 @:path 5 tmp end; raw"
                " map_get 0 @:path 5 end-3 tmp; raw map_get 8 end 4 tmp tmp; raw map_get 0 @x-none 6 end end; raw"
                " map_get 0 @x-empty 7 end end; raw map_pairs 0 end tmp; raw map_pairs 0 tmp end; raw map_pairs 8 tmp"
                " tmp; raw map_pairs 3 end end; raw map_size 0 end; raw map_size 8 tmp; raw map_size 8 end; raw map_get"
                " 0 @:path 5 0 0"
            )
        ],
        get("/", "x-empty:"),
    ),
    Scenario(
        "arguments: header maps, writing",
        [
            probe(
                "rh: raw map_add 0 end 1 @v 1; raw map_add 0 @n 1 end 1; raw map_add 0 @n 1 end 0; raw map_replace 0"
                " end 1 @v 1; raw map_replace 0 @n 1 end+1 0; raw map_remove 0 end 1; raw map_add 8 @n 1 @v 1; raw"
                " map_remove 8 @n 1; raw map_replace 8 @n 1 @v 1; raw map_set 0 end 4; raw map_set 8 tmp 4; raw map_add"
                " 0xffffffff @n 1 @v 1"
            )
        ],
        get(),
    ),
    Scenario(
        "arguments: buffers",
        [
            probe(
                "rb: raw buffer_get 0 0 9 end tmp; raw buffer_get 0 0 9 tmp end; raw buffer_get 9 0 9 tmp tmp; raw"
                " buffer_get 9 0 9 end end; raw buffer_get 0 9 9 end end; raw buffer_get 0 2 0xffffffff tmp tmp; raw"
                " buffer_get 0 0xffffffff 0xffffffff tmp tmp; raw buffer_status 0 end tmp; raw buffer_status 0 tmp end;"
                " raw buffer_status 9 tmp tmp; raw buffer_set 0 0 1 end 1; raw buffer_set 0 0 0 end 0; raw buffer_set 9"
                " 0 0 @x 1; raw buffer_set 1 0 0 @x 1; raw buffer_set 7 0 0 @x 1; raw buffer_set 1 0 0 end 1; raw"
                " buffer_get 0 0 9 0 0"
            )
        ],
        streamed_post(b"hello"),
    ),
    Scenario(
        "arguments: local responses",
        [
            probe(
                "rh: raw local 403 end 1 @b 1 tmp 0 0xffffffff; raw local 403 @d 1 end 1 tmp 0 0xffffffff; raw local"
                " 403 @d 1 @b 1 end 4 0xffffffff"
            )
        ],
        get(),
    ),
    Scenario(
        "arguments: a local response with an unknown gRPC status",
        [probe("rh: raw local 403 @d 1 @b 1 0 0 99")],
        get("/", "content-type: application/grpc"),
    ),
    Scenario(
        "arguments: calls",
        [
            probe(
                "rh: raw call end 1 tmp 0 tmp 0 tmp 0 100 tmp; raw call @x 1 end 4 tmp 0 tmp 0 100 tmp; raw call @x 1"
                " tmp 0 end 1 tmp 0 100 tmp; raw call @x 1 tmp 0 tmp 0 end 4 100 tmp; raw call @x 1 tmp 0 tmp 0 tmp 0"
                " 100 end"
            )
        ],
        get(),
    ),
    Scenario(
        "arguments: properties",
        [
            probe(
                "rh: raw get_property end 1 tmp tmp; raw get_property @nothing 7 end end; raw get_property @plugin_name"
                " 11 end tmp; raw get_property @plugin_name 11 tmp end; raw set_property end 1 @v 1; raw set_property"
                " @k 1 end 1"
            )
        ],
        get(),
    ),
    Scenario(
        "arguments: shared data",
        [
            probe(
                "rh: shared-set k v 0; raw shared_get end 1 tmp tmp tmp; raw shared_get @k 1 end tmp tmp; raw"
                " shared_get @k 1 tmp end tmp; raw shared_get @k 1 tmp tmp end; raw shared_get @none 4 end end end; raw"
                " shared_set end 1 @v 1 0; raw shared_set @k 1 end 1 0; raw shared_set @k 1 0 0 0; shared-get k"
            )
        ],
        get(),
    ),
    Scenario(
        "arguments: queues",
        [
            probe(
                "rh: raw register end 1 tmp; raw register @q 1 end; raw resolve end 1 @q 1 tmp; raw resolve @v 0 end 1"
                " tmp; raw resolve @v 0 @q 1 end; raw enqueue 1 end 1; raw enqueue 99 end 1; raw dequeue 1 end tmp; raw"
                " dequeue 99 end end"
            )
        ],
        get(),
    ),
    Scenario(
        "arguments: metrics",
        [
            probe(
                "rh: raw metric 0 end 1 tmp; raw metric 0 @m 1 end; raw metric 9 end 1 end; raw metric_get 4 end; raw"
                " metric_get 400 end"
            )
        ],
        get(),
    ),
    Scenario(
        "arguments: streams, contexts, timers",
        [
            probe(
                "rh: raw continue 2; raw continue 3; raw continue 4; raw continue 0xffffffff; raw close 2; raw close 3;"
                " raw close 4; raw effective 99; raw effective 0xffffffff; raw done; raw tick 0xffffffff; raw tick 0;"
                " raw log_level end; raw time end; raw status end end end; raw status tmp tmp tmp"
            )
        ],
        get(),
    ),
    Scenario(
        "arguments: foreign functions",
        [
            probe(
                "rh: raw foreign end 1 tmp 0 tmp tmp; raw foreign @nothing 7 end 1 tmp tmp; raw foreign @nothing 7 tmp"
                " 0 end end"
            )
        ],
        get(),
    ),
]
