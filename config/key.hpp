#pragma once

// What a row of the table of keys is, and the few forms that a value has.

#include "config/settings.hpp"

#include <charconv>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace sealstream {

struct Key {
    std::string path; // "http.listen"
    std::string form; // "1 to 5", for people
    std::string help; // one line
    bool is_list{false};

    // Sets it from text; a key that is no list gets exactly one. The error's context says what was
    // expected.
    std::function<Result<void>(Settings&, const std::vector<std::string>&)> set{};
    std::function<std::string(const Settings&)> show{}; // as it would be written; secrets masked
};

namespace forms {

inline constexpr std::int64_t day_ms = 24 * 60 * 60 * 1000;

// A field of Settings by the members that lead to it: field(&Settings::log, &LogSettings::level).
template <class... Members>
constexpr auto field(Members... members)
{
    return [=](Settings & settings) -> auto&
    {
        return (settings.*....*members);
    };
}

// What such a function leads to.
template <class Access>
using FieldOf = std::remove_reference_t<std::invoke_result_t<Access, Settings&>>;

template <class Access>
FieldOf<Access> value_of(Access access, const Settings& settings)
{
    Settings copy = settings;
    return access(copy);
}

template <class T>
struct Unit {
    static constexpr std::string_view name{};
};
template <>
struct Unit<std::chrono::milliseconds> {
    static constexpr std::string_view name{"milliseconds, "};
};
template <>
struct Unit<std::chrono::seconds> {
    static constexpr std::string_view name{"seconds, "};
};

template <class T>
std::int64_t count_of(T value)
{
    if constexpr (std::is_integral_v<T>) {
        return static_cast<std::int64_t>(value);
    } else {
        return value.count();
    }
}

// Integers and durations; the unit of a duration is that of its field.
template <class Access>
Key number(std::string path, Access access, std::int64_t least, std::int64_t most, std::string help)
{
    using Field = FieldOf<Access>;
    const std::string form =
        std::string{Unit<Field>::name} + std::to_string(least) + " to " + std::to_string(most);
    Key key{std::move(path), form, std::move(help)};
    key.set = [=](Settings& settings, const std::vector<std::string>& words) -> Result<void> {
        const std::string& text = words.front();
        std::int64_t value = 0;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (failed != std::errc{} || end != text.data() + text.size() || value < least ||
            value > most) {
            return Error{Errc::malformed, "must be a whole number, " + form};
        }
        access(settings) =
            Field(static_cast<
                  typename std::conditional_t<std::is_integral_v<Field>, std::type_identity<Field>,
                                              std::type_identity<std::int64_t>>::type>(value));
        return {};
    };
    key.show = [=](const Settings& settings) {
        return std::to_string(count_of(value_of(access, settings)));
    };
    return key;
}

using Check = Result<void> (*)(std::string_view text);

// Strings and paths. `check` may be null.
template <class Access>
Key text(std::string path, Access access, std::string form, Check check, std::string help)
{
    Key key{std::move(path), std::move(form), std::move(help)};
    key.set = [=](Settings& settings, const std::vector<std::string>& words) -> Result<void> {
        if (check != nullptr) {
            if (auto checked = check(words.front()); !checked) {
                return checked.error();
            }
        }
        access(settings) = words.front();
        return {};
    };
    key.show = [=](const Settings& settings) {
        const auto value = value_of(access, settings);
        if constexpr (std::is_same_v<decltype(value), const std::filesystem::path>) {
            return value.string();
        } else {
            return value;
        }
    };
    return key;
}

template <class T>
struct Choice {
    std::string_view name;
    T value;
};

// One of a few words.
template <class Access>
Key choice(std::string path, Access access, std::vector<Choice<FieldOf<Access>>> choices,
           std::string help)
{
    std::string form;
    for (const auto& each : choices) {
        form += (form.empty() ? "" : ", ") + std::string{each.name};
    }
    Key key{std::move(path), "one of " + form, std::move(help)};
    key.set = [=](Settings& settings, const std::vector<std::string>& words) -> Result<void> {
        for (const auto& each : choices) {
            if (each.name == words.front()) {
                access(settings) = each.value;
                return {};
            }
        }
        return Error{Errc::malformed, "must be one of " + form};
    };
    key.show = [=](const Settings& settings) {
        const auto value = value_of(access, settings);
        for (const auto& each : choices) {
            if (each.value == value) {
                return std::string{each.name};
            }
        }
        return std::string{"?"};
    };
    return key;
}

template <class Access>
Key on_off(Access access, std::string path, std::string help)
{
    return choice(std::move(path), access, {{"true", true}, {"false", false}}, std::move(help));
}

} // namespace forms

} // namespace sealstream
