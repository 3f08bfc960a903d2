//! Moments for people, in their local time, and for programs (RFC 3339, in UTC).

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::text::counted;

/// The time that it is, and where.
pub struct Clock {
    /// In seconds since 1970.
    pub now: u64,
    /// The local one.
    pub zone: TimeZone,
}

fn moment(seconds: u64) -> Timestamp {
    let moment = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    moment.unwrap_or(Timestamp::MAX)
}

/// The moment so many seconds after 1970 began.
pub fn utc(seconds: u64) -> String {
    moment(seconds).to_string()
}

/// The same for a person, as systemctl has it: local time, and how long ago that was.
pub fn local(seconds: u64, clock: &Clock) -> String {
    let moment = moment(seconds).to_zoned_datetime(clock.zone.clone()).strftime("%a %F %T %Z").to_string();
    // A clock that has been set back since.
    let Some(passed) = clock.now.checked_sub(seconds) else {
        return moment;
    };
    format!("{moment}; {}", ago(passed))
}

/// The two largest units that say something (format_timestamp_relative in systemd's time-util.c).
fn ago(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    let text = match days {
        365.. => match days % 365 / 30 {
            0 => counted(days / 365, "year"),
            months => format!("{} {}", counted(days / 365, "year"), counted(months, "month")),
        },
        30.. => format!("{} {}", counted(days / 30, "month"), counted(days % 30, "day")),
        7.. => format!("{} {}", counted(days / 7, "week"), counted(days % 7, "day")),
        2.. => counted(days, "day"),
        1 => format!("1 day {}h", hours % 24),
        0 => match (hours, minutes) {
            (6.., _) => format!("{hours}h"),
            (1.., _) => format!("{hours}h {}min", minutes % 60),
            (0, 5..) => format!("{minutes}min"),
            (0, 1..) => format!("{minutes}min {}s", seconds % 60),
            (0, 0) => format!("{seconds}s"),
        },
    };
    format!("{text} ago")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_the_moment_as_date_does() {
        // date -u -d @SECONDS +%FT%TZ
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_798_761_599, "2026-12-31T23:59:59Z"),
        ] {
            assert_eq!(utc(seconds), expected);
        }
    }

    #[test]
    fn says_it_to_people_in_their_time_and_how_long_ago() {
        // TZ=Europe/Berlin date -d @951782400 +'%a %F %T %Z'
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let at = |now| local(951_782_400, &Clock { now, zone: zone.clone() });
        assert_eq!(at(951_782_400 + 725), "Tue 2000-02-29 01:00:00 CET; 12min ago");
        assert_eq!(at(951_782_399), "Tue 2000-02-29 01:00:00 CET");
        for (passed, expected) in [
            (0, "0s ago"),
            (61, "1min 1s ago"),
            (3_600 + 120, "1h 2min ago"),
            (7 * 3_600, "7h ago"),
            (25 * 3_600, "1 day 1h ago"),
            (2 * 86_400, "2 days ago"),
            (8 * 86_400, "1 week 1 day ago"),
            (62 * 86_400, "2 months 2 days ago"),
            (365 * 86_400, "1 year ago"),
            (800 * 86_400, "2 years 2 months ago"),
        ] {
            assert_eq!(ago(passed), expected);
        }
    }
}
