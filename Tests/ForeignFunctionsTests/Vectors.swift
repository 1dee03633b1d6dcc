// Keys and signatures of the text "text", made with OpenSSL.

enum Vectors {
    struct Signed: Sendable {
        var name: String
        var hash: String
        var pem: String
        var der: String
        var signature: String
    }

    static let signed: [Signed] = [
        Signed(
            name: "rsa",
            hash: "sha256",
            pem: """
                -----BEGIN PUBLIC KEY-----
                MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtSMQ+mFJfAEUx790qb2t
                qWcAFh+XHWgPxidrtKzXeJob+gxTOfHRKJUw2UnaynChzrb5PTy3o38K9dj1XW6b
                u3PwlJiejJJ2bzKswiga0hjD6SYEYzJD0X8/u/ggtpqmGP0ZtUbV4YfqChkRxF81
                qK9DC8QBGK/+GR0Q8vgkIVxurlJD9s4Ab1IIhjDlHlX6MATz/ZfSM0SBR0pqFmP+
                vB5TVFumwdn/adN6PZSRBhyez4QA5Wtii9FdPUqy1pbE/j/L+D0IwUZOhNOXqioG
                nFUxWyVkY4GhsdiJW5KdMW0IxlO3zI13aNywVLmjJz/BPdugiGLLWILzIchgeRq8
                PQIDAQAB
                -----END PUBLIC KEY-----
                """,
            der: [
                "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtSMQ+mFJfAEUx790qb2tqWcAFh+XHWgPxidrtKzXeJob",
                "+gxTOfHRKJUw2UnaynChzrb5PTy3o38K9dj1XW6bu3PwlJiejJJ2bzKswiga0hjD6SYEYzJD0X8/u/ggtpqmGP0Z",
                "tUbV4YfqChkRxF81qK9DC8QBGK/+GR0Q8vgkIVxurlJD9s4Ab1IIhjDlHlX6MATz/ZfSM0SBR0pqFmP+vB5TVFum",
                "wdn/adN6PZSRBhyez4QA5Wtii9FdPUqy1pbE/j/L+D0IwUZOhNOXqioGnFUxWyVkY4GhsdiJW5KdMW0IxlO3zI13",
                "aNywVLmjJz/BPdugiGLLWILzIchgeRq8PQIDAQAB",
            ].joined(),
            signature: [
                "Wrn4JR64vLuM94+vybZUWgKTxJcsfretwivth1Die+4+aTvOj3yJqABT1X23BVO3HV/Z8dkON/BaWrVJa7VeUlnd",
                "DEhEik1EMDuqvrG1mDDtiiQbtVuyzLo1HdDPG+Y3sa+R9rKw/Xz3aCVxqh0fRWvtKQd4khyL7DON/T6YgmIi0zdB",
                "P4gn7OkdDnv9Ix79eMcE1mGwXojunwR4kGDzmYQ52KWbfgaXMfvHH9UWjKU6kr22mDSXQ2aPggIQG1N0gJmEy5uA",
                "oWImq5IVZK4q/TM45ua1FePdagxF0X+VTt7kve5jbff2OBWlomRLiNhnhDnGLPPYwAjC1WwU3JPEpg==",
            ].joined()
        ),
        Signed(
            name: "p256",
            hash: "sha256",
            pem: """
                -----BEGIN PUBLIC KEY-----
                MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE0p27TTZSWLfxC80+sAdnECwyg9D+
                FOUoVYSVtPj2Q9OZ/tuuahtfU1S4/guMpJzyOb9xRlXktnCejeu2zyy0oQ==
                -----END PUBLIC KEY-----
                """,
            der: [
                "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE0p27TTZSWLfxC80+sAdnECwyg9D+FOUoVYSVtPj2Q9OZ/tuuahtf",
                "U1S4/guMpJzyOb9xRlXktnCejeu2zyy0oQ==",
            ].joined(),
            signature: [
                "MEYCIQC75qRXA3HZQ7OAfB2RdHD8nL+fJsVRXkEovnIYI3oqVAIhANtUTcWkC/A2ZfQDNCfkVSdbdgrJK9/W0pVu",
                "P5fsubqd",
            ].joined()
        ),
        Signed(
            name: "p384",
            hash: "sha384",
            pem: """
                -----BEGIN PUBLIC KEY-----
                MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEKTDeg6lxLvFCAQKm2DyfDoPkwn/lzpkO
                CqieN1BuF/fsqYAuA3DcNRU4zjIEX0DkyT/s8CiPL7eeHP+DXVpsqoIZHiNZoSIa
                91DliPWnKYL+7v4MWe4wm6dicekR01vi
                -----END PUBLIC KEY-----
                """,
            der: [
                "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEKTDeg6lxLvFCAQKm2DyfDoPkwn/lzpkOCqieN1BuF/fsqYAuA3DcNRU4",
                "zjIEX0DkyT/s8CiPL7eeHP+DXVpsqoIZHiNZoSIa91DliPWnKYL+7v4MWe4wm6dicekR01vi",
            ].joined(),
            signature: [
                "MGQCME42I1g/gfTSY50noYwxYF1/nsYv10VnppCL1Se6NieF+diZCaUo2xxMvkbC+gGfBwIwd7K7lWleJQfUqRED",
                "JV1m7k2vrFRGwW3ldFg5Hhk5mKfn90zQdM9FCfal3yJKvxOu",
            ].joined()
        ),
        Signed(
            name: "p521",
            hash: "sha512",
            pem: """
                -----BEGIN PUBLIC KEY-----
                MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBZlbarvR7xgsPrKKjWsuy3f7Dec0R
                keuWg6HuFSO3VX3e5gOvTj9j0jw44SjpN/M7cUTGGoNk0U4zT9NFzmoFpuYBQIAN
                rYGc6Hx808+Wm3fpyQga2X9sWPFUCSvLMTyXEPX9MTCaSQLd/X/uqzdgmXwjGYWQ
                bggypQ3LIS+p0cu58Bg=
                -----END PUBLIC KEY-----
                """,
            der: [
                "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBZlbarvR7xgsPrKKjWsuy3f7Dec0RkeuWg6HuFSO3VX3e5gOvTj9j",
                "0jw44SjpN/M7cUTGGoNk0U4zT9NFzmoFpuYBQIANrYGc6Hx808+Wm3fpyQga2X9sWPFUCSvLMTyXEPX9MTCaSQLd",
                "/X/uqzdgmXwjGYWQbggypQ3LIS+p0cu58Bg=",
            ].joined(),
            signature: [
                "MIGHAkIBKSC/02Qw2ZP4NQC1CtHln9GyS0HlGTU28L8JgS35k2TmQj0hn5S/K63MECzOlSQSJ83fbFnRYQ9DijBZ",
                "PJPR2LYCQXgoWZNvUJGcItGfkYpSrhqm3i5Mh4NlTTp6YXP+lDOiNYhOcB9SD8T/RPPbiNVVq4N1CtvJxQb5DuL8",
                "1B8RaZB1",
            ].joined()
        ),
    ]
}
