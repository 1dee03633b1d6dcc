/// The functions, as expressions call them.
enum Function: String, Sendable {
    // Conversions
    case int, uint, double, string, bytes, bool, timestamp, duration, type, dyn
    // Strings
    case size, startsWith, endsWith, contains, matches
    case charAt, indexOf, lastIndexOf, lowerAscii, upperAscii, replace, split, substring, trim, join, reverse
    // Times
    case getFullYear, getMonth, getDate, getDayOfMonth, getDayOfWeek, getDayOfYear
    case getHours, getMinutes, getSeconds, getMilliseconds

    /// How many arguments it takes, the receiver counted; nil: not to be called that way.
    func arity(asMethod isMethod: Bool) -> ClosedRange<Int>? {
        switch self {
        case .int, .uint, .double, .string, .bytes, .bool, .timestamp, .duration, .type, .dyn:
            isMethod ? nil : 1...1
        case .size:
            1...1
        case .matches:
            2...2
        case .startsWith, .endsWith, .contains, .charAt:
            isMethod ? 2...2 : nil
        case .lowerAscii, .upperAscii, .trim, .reverse:
            isMethod ? 1...1 : nil
        case .indexOf, .lastIndexOf, .split, .substring:
            isMethod ? 2...3 : nil
        case .join:
            isMethod ? 1...2 : nil
        case .replace:
            isMethod ? 3...4 : nil
        case .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfWeek, .getDayOfYear, .getHours, .getMinutes,
            .getSeconds, .getMilliseconds:
            isMethod ? 1...2 : nil
        }
    }

    var name: StaticText {
        switch self {
        case .int: "int()"
        case .uint: "uint()"
        case .double: "double()"
        case .string: "string()"
        case .bytes: "bytes()"
        case .bool: "bool()"
        case .timestamp: "timestamp()"
        case .duration: "duration()"
        case .type: "type()"
        case .dyn: "dyn()"
        case .size: "size()"
        case .startsWith: "startsWith()"
        case .endsWith: "endsWith()"
        case .contains: "contains()"
        case .matches: "matches()"
        case .charAt: "charAt()"
        case .indexOf: "indexOf()"
        case .lastIndexOf: "lastIndexOf()"
        case .lowerAscii: "lowerAscii()"
        case .upperAscii: "upperAscii()"
        case .replace: "replace()"
        case .split: "split()"
        case .substring: "substring()"
        case .trim: "trim()"
        case .join: "join()"
        case .reverse: "reverse()"
        case .getFullYear: "getFullYear()"
        case .getMonth: "getMonth()"
        case .getDate: "getDate()"
        case .getDayOfMonth: "getDayOfMonth()"
        case .getDayOfWeek: "getDayOfWeek()"
        case .getDayOfYear: "getDayOfYear()"
        case .getHours: "getHours()"
        case .getMinutes: "getMinutes()"
        case .getSeconds: "getSeconds()"
        case .getMilliseconds: "getMilliseconds()"
        }
    }
}
