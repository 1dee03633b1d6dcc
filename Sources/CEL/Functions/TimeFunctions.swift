enum TimeFunctions {
    static func apply(_ function: Function, _ arguments: [Value], _ position: Int) throws(EvaluationError) -> Int64 {
        switch arguments[0] {
        case .timestamp(let time):
            var offset: Int64 = 0
            if arguments.count > 1 {
                guard case .string(let zone) = arguments[1] else {
                    throw EvaluationError(.noOverload(function.name), at: position)
                }
                guard let seconds = TextCursor.timeZone(zone) else {
                    throw EvaluationError(
                        .invalidArgument("time zones are UTC or an offset like +01:30"), at: position)
                }
                offset = seconds
            }
            return Self.part(function, of: CivilDate(time, offsetSeconds: offset), time)
        case .duration(let length) where arguments.count == 1:
            let nanoseconds = length.nanoseconds
            switch function {
            case .getHours: return nanoseconds / 3_600_000_000_000
            case .getMinutes: return nanoseconds / 60_000_000_000
            case .getSeconds: return nanoseconds / 1_000_000_000
            // The others are the whole length in that unit; this one is the part below a second.
            case .getMilliseconds: return nanoseconds / 1_000_000 % 1000
            default: throw EvaluationError(.noOverload(function.name), at: position)
            }
        default:
            throw EvaluationError(.noOverload(function.name), at: position)
        }
    }

    private static func part(_ function: Function, of date: CivilDate, _ time: Timestamp) -> Int64 {
        switch function {
        case .getFullYear: date.year
        case .getMonth: date.month - 1
        case .getDate: date.day
        case .getDayOfMonth: date.day - 1
        case .getDayOfWeek: date.dayOfWeek
        case .getDayOfYear: date.dayOfYear
        case .getHours: date.hour
        case .getMinutes: date.minute
        case .getSeconds: date.second
        default: Int64(time.nanoseconds) / 1_000_000
        }
    }
}
