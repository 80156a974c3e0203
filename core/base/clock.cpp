#include "core/base/clock.hpp"

namespace sealstream {

namespace {

constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;

Error not_a_time()
{
    return Error{Errc::malformed, "not an RFC 3339 time such as 2025-12-24T10:00:00Z"};
}

// Takes `digits` decimal digits from the front of `text`; -1 when they are not there.
int take_number(std::string_view& text, std::size_t digits)
{
    if (text.size() < digits) {
        return -1;
    }
    int number = 0;
    for (std::size_t at = 0; at < digits; ++at) {
        if (text[at] < '0' || text[at] > '9') {
            return -1;
        }
        number = number * 10 + (text[at] - '0');
    }
    text.remove_prefix(digits);
    return number;
}

// Writes `number` as `digits` decimal digits over what is at `at`.
void put_number(std::string& text, std::size_t at, std::size_t digits, int number)
{
    for (std::size_t place = at + digits; place-- > at; number /= 10) {
        text[place] = static_cast<char>('0' + number % 10);
    }
}

bool take(std::string_view& text, char letter)
{
    if (text.empty() || text.front() != letter) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

} // namespace

WallTime SystemClock::wall() const
{
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return WallTime{std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()};
}

Monotonic SystemClock::monotonic() const
{
    return std::chrono::steady_clock::now();
}

std::string to_rfc3339(WallTime time)
{
    const std::chrono::sys_time<std::chrono::nanoseconds> point{
        std::chrono::nanoseconds{time.nanoseconds}};
    const auto day = std::chrono::floor<std::chrono::days>(point);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{point - day};
    std::string text{"0000-00-00T00:00:00.000000000Z"};
    put_number(text, 0, 4, static_cast<int>(date.year()));
    put_number(text, 5, 2, static_cast<int>(static_cast<unsigned>(date.month())));
    put_number(text, 8, 2, static_cast<int>(static_cast<unsigned>(date.day())));
    put_number(text, 11, 2, static_cast<int>(clock.hours().count()));
    put_number(text, 14, 2, static_cast<int>(clock.minutes().count()));
    put_number(text, 17, 2, static_cast<int>(clock.seconds().count()));
    put_number(text, 20, 9, static_cast<int>(clock.subseconds().count()));
    std::size_t size = text.size() - 1;
    while (text[size - 1] == '0') {
        --size;
    }
    size -= text[size - 1] == '.' ? 1U : 0U;
    text.resize(size);
    return text + 'Z';
}

Result<WallTime> from_rfc3339(std::string_view text)
{
    const int year = take_number(text, 4);
    const bool has_month = take(text, '-');
    const int month = take_number(text, 2);
    const bool has_day = take(text, '-');
    const int day = take_number(text, 2);
    const bool has_time = take(text, 'T') || take(text, 't') || take(text, ' ');
    const int hour = take_number(text, 2);
    const bool has_minute = take(text, ':');
    const int minute = take_number(text, 2);
    const bool has_second = take(text, ':');
    int second = take_number(text, 2);
    if (!(has_month && has_day && has_time && has_minute && has_second) || year < 1678 ||
        year > 2261 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 60) {
        return not_a_time();
    }
    second = std::min(second, 59); // a leap second falls on the second before it
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) {
        return not_a_time();
    }
    std::int64_t fraction = 0;
    if (take(text, '.')) {
        std::int64_t unit = nanoseconds_per_second / 10;
        std::size_t digits = 0;
        while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
            fraction += unit * (text.front() - '0');
            unit /= 10;
            text.remove_prefix(1);
            ++digits;
        }
        if (digits == 0 || digits > 9) {
            return not_a_time();
        }
    }
    int offset_minutes = 0;
    if (!take(text, 'Z') && !take(text, 'z')) {
        const bool is_east = take(text, '+');
        if (!is_east && !take(text, '-')) {
            return not_a_time();
        }
        const int offset_hour = take_number(text, 2);
        const bool has_colon = take(text, ':');
        const int offset_minute = take_number(text, 2);
        if (offset_hour < 0 || offset_hour > 23 || !has_colon || offset_minute < 0 ||
            offset_minute > 59) {
            return not_a_time();
        }
        offset_minutes = (offset_hour * 60 + offset_minute) * (is_east ? 1 : -1);
    }
    if (!text.empty()) {
        return not_a_time();
    }
    const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
    const std::int64_t seconds =
        days * 86'400 + hour * 3'600 + (minute - offset_minutes) * 60LL + second;
    return WallTime{seconds * nanoseconds_per_second + fraction};
}

} // namespace sealstream
