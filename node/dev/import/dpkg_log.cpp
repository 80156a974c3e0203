#include "node/dev/import/dpkg_log.hpp"

#include <array>
#include <charconv>

namespace sealstream {

namespace {

constexpr std::size_t stamp_size = 19; // "2025-06-24 14:36:25"
constexpr std::string_view source = "dpkg";

struct Action {
    std::string_view word;
    std::string_view type;
};
constexpr std::array actions{
    Action{"install", "PackageInstallStarted"},
    Action{"upgrade", "PackageUpgradeStarted"},
    Action{"remove", "PackageRemovalStarted"},
    Action{"purge", "PackagePurgeStarted"},
    Action{"configure", "PackageConfigurationStarted"},
    Action{"trigproc", "PackageTriggersStarted"},
    Action{"disappear", "PackageDisappeared"},
};

std::string_view next_word(std::string_view& rest)
{
    const auto end = std::min(rest.find(' '), rest.size());
    const auto word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return word;
}

std::optional<int> number(std::string_view text)
{
    int value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_whole = failed == std::errc{} && end == text.data() + text.size();
    return is_whole ? std::optional{value} : std::nullopt;
}

std::optional<std::tm> parse_stamp(std::string_view stamp)
{
    if (stamp.size() != stamp_size || stamp[4] != '-' || stamp[7] != '-' || stamp[10] != ' ' ||
        stamp[13] != ':' || stamp[16] != ':') {
        return std::nullopt;
    }
    const auto year = number(stamp.substr(0, 4));
    const auto month = number(stamp.substr(5, 2));
    const auto day = number(stamp.substr(8, 2));
    const auto hour = number(stamp.substr(11, 2));
    const auto minute = number(stamp.substr(14, 2));
    const auto second = number(stamp.substr(17, 2));
    if (!year || !month || !day || !hour || !minute || !second) {
        return std::nullopt;
    }
    std::tm local{};
    local.tm_year = *year - 1900;
    local.tm_mon = *month - 1;
    local.tm_mday = *day;
    local.tm_hour = *hour;
    local.tm_min = *minute;
    local.tm_sec = *second;
    local.tm_isdst = -1; // the time zone knows
    return local;
}

// dpkg writes <none> where there is no version.
boost::json::value version_value(std::string_view word)
{
    return word.empty() || word == "<none>" ? boost::json::value(nullptr)
                                            : boost::json::value(to_utf8(word));
}

bool read_status(std::string_view rest, Fact& fact)
{
    const auto status = next_word(rest);
    fact.stream_type = "package";
    fact.stream_id = next_word(rest);
    fact.type = status == "installed"       ? "PackageInstalled"
                : status == "not-installed" ? "PackageRemoved"
                                            : "PackageStatusChanged";
    fact.data["status"] = to_utf8(status);
    fact.data["version"] = version_value(next_word(rest));
    return !fact.stream_id.empty();
}

bool read_conffile(std::string_view rest, Fact& fact)
{
    const auto decision = rest.rfind(' '); // the file's name may hold spaces
    if (decision == std::string_view::npos) {
        return false;
    }
    fact.stream_type = "conffile";
    fact.stream_id = to_utf8(rest.substr(0, decision));
    fact.type = "ConffileDecided";
    fact.data["decision"] = to_utf8(rest.substr(decision + 1));
    return true;
}

bool read_action(std::string_view word, std::string_view rest, Fact& fact)
{
    for (const Action& action : actions) {
        if (action.word == word) {
            fact.stream_type = "package";
            fact.stream_id = next_word(rest);
            fact.type = action.type;
            fact.data["from"] = version_value(next_word(rest));
            fact.data["to"] = version_value(next_word(rest));
            return !fact.stream_id.empty();
        }
    }
    return false;
}

std::optional<Fact> parse_line(std::string_view line, const LocalTime& local_time)
{
    if (line.size() <= stamp_size + 1 || line[stamp_size] != ' ') {
        return std::nullopt;
    }
    const auto stamp = parse_stamp(line.substr(0, stamp_size));
    Fact fact;
    fact.time = stamp ? local_time(*stamp) : std::nullopt;
    if (!fact.time) {
        return std::nullopt;
    }
    fact.source = source;
    fact.actor = "dpkg";
    fact.content = line;

    auto rest = line.substr(stamp_size + 1);
    const auto word = next_word(rest);
    if (word == "startup") {
        fact.stream_type = "dpkg";
        fact.stream_id = "run";
        fact.type = "DpkgStarted";
        fact.data["command"] = to_utf8(rest);
        return fact;
    }
    const bool is_known = word == "status"     ? read_status(rest, fact)
                          : word == "conffile" ? read_conffile(rest, fact)
                                               : read_action(word, rest, fact);
    return is_known ? std::optional{std::move(fact)} : std::nullopt;
}

} // namespace

std::optional<WallTime> system_local_time(const std::tm& local)
{
    std::tm copy = local;
    const std::time_t seconds = std::mktime(&copy);
    // mktime moves what is out of range; a stamp that moved was none.
    const bool is_same_day = copy.tm_mon == local.tm_mon && copy.tm_mday == local.tm_mday;
    if (seconds == -1 || !is_same_day) {
        return std::nullopt;
    }
    return WallTime{static_cast<std::int64_t>(seconds) * 1'000'000'000};
}

void parse_dpkg_log(std::string_view text, EventMaker& maker, const LocalTime& local_time,
                    std::vector<ImportedEvent>& events)
{
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (auto fact = parse_line(text.substr(0, end), local_time)) {
            events.push_back(maker.make(*std::move(fact)));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

} // namespace sealstream
