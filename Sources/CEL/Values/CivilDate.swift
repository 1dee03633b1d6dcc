/// Year, month, day and time of day of a timestamp at a fixed offset from UTC (proleptic Gregorian calendar).
struct CivilDate {
    var year: Int64
    /// 1…12
    var month: Int64
    /// 1…31
    var day: Int64
    var secondOfDay: Int64
    /// Days since 1970-01-01.
    var dayNumber: Int64

    init(_ timestamp: Timestamp, offsetSeconds: Int64 = 0) {
        let (days, second) = Timestamp.floorDivide(timestamp.seconds + offsetSeconds, 86_400)
        self.dayNumber = days
        self.secondOfDay = second
        // Years that begin in March have the leap day at their end; eras of 400 years are all alike.
        let (era, dayOfEra) = Timestamp.floorDivide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * shifted + 2) / 5 + 1
        self.month = shifted < 10 ? shifted + 3 : shifted - 9
        self.year = yearOfEra + era * 400 + (self.month <= 2 ? 1 : 0)
    }

    /// Days from 1970-01-01 to that date.
    static func dayNumber(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = Timestamp.floorDivide(year, 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    static func isLeap(_ year: Int64) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: Self.isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// 0 = 1 January.
    var dayOfYear: Int64 { self.dayNumber - Self.dayNumber(year: self.year, month: 1, day: 1) }
    /// 0 = Sunday.
    var dayOfWeek: Int64 { Timestamp.floorDivide(self.dayNumber + 4, 7).remainder }
    var hour: Int64 { self.secondOfDay / 3600 }
    var minute: Int64 { self.secondOfDay / 60 % 60 }
    var second: Int64 { self.secondOfDay % 60 }
}
