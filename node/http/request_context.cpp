#include "node/http/request_context.hpp"

#include <algorithm>

namespace sealstream::http {

namespace {

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

std::string_view take_item(std::string_view& list, char separator)
{
    const auto item = list.substr(0, list.find(separator));
    list.remove_prefix(std::min(item.size() + 1, list.size()));
    return trimmed(item);
}

} // namespace

RequestContext::RequestContext(const RequestHead& head, Services& main)
    : head_{head},
      services_{&main}
{
    constexpr std::string_view below = "/ledgers/";
    const auto whole = head.path();
    if (!whole.starts_with(below)) {
        return;
    }
    const auto end = whole.find('/', below.size());
    const auto name = whole.substr(below.size(), end - below.size());
    const auto other = main.other_ledgers.find(name);
    if (end == std::string_view::npos ||
        (name != main.ledger && other == main.other_ledgers.end())) {
        return; // no route begins like this
    }
    services_ = name == main.ledger ? &main : other->second;
    prefix_bytes_ = end;
}

std::string_view RequestContext::path() const noexcept
{
    return head_.path().substr(prefix_bytes_);
}

Result<std::string> RequestContext::path_parameter(std::string_view name) const
{
    for (std::size_t at = 0; at < parameters.count; ++at) {
        if (parameters.all[at].name == name) {
            return percent_decode(parameters.all[at].value);
        }
    }
    return Error{Errc::internal, "the route has no parameter " + std::string{name}};
}

Result<StreamName> RequestContext::stream_name() const
{
    SEAL_TRY(type, path_parameter("type"));
    SEAL_TRY(id, path_parameter("id"));
    return StreamName::make(type, id);
}

bool RequestContext::may(security::Role role, std::string_view stream_type) const noexcept
{
    return permits(caller(), role, services_->ledger, stream_type);
}

bool RequestContext::may_all(security::Role role) const noexcept
{
    return permits_all(caller(), role, services_->ledger);
}

Result<void> RequestContext::require(security::Role role, std::string_view stream_type) const
{
    if (may(role, stream_type)) {
        return {};
    }
    return Error{Errc::forbidden, "This needs the role " + std::string{name(role)} +
                                      " for streams of the type " + std::string{stream_type} + "."};
}

std::string RequestContext::client_name() const
{
    if (caller_ != nullptr && !caller_->identity.subject.empty()) {
        return caller_->identity.subject;
    }
    return std::string{peer};
}

void RequestContext::charge(security::Resource resource, std::uint64_t amount) const
{
    auto& rates = services_->gate->rates();
    if (is_limited && rates.options().is_on()) {
        const auto now = services_->clock.monotonic().time_since_epoch();
        rates.charge(client_name(), resource, amount, now);
    }
}

Result<std::string> RequestContext::source() const
{
    const auto& identity = caller().identity;
    const bool names_itself = head_.has_field("sealstream-source");
    const auto source = field("sealstream-source");
    if (identity.means != security::Means::loopback) {
        if (identity.source.empty()) {
            return Error{Errc::forbidden, "the caller has no source to append as"};
        }
        if (names_itself && source != identity.source) {
            return Error{Errc::forbidden, "Sealstream-Source names another than its credentials"};
        }
        return identity.source;
    }
    if (!names_itself) {
        return services_->default_source;
    }
    const auto checked = check_label(source);
    if (!checked) {
        return checked.error();
    }
    return std::string{source};
}

std::string RequestContext::content_type() const
{
    auto list = field("content-type");
    std::string type{take_item(list, ';')};
    std::transform(type.begin(), type.end(), type.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return type;
}

bool RequestContext::accepts(std::string_view type) const
{
    auto list = field("accept");
    while (!list.empty()) {
        auto item = take_item(list, ',');
        if (equals_ignoring_case(take_item(item, ';'), type)) {
            return true;
        }
    }
    return false;
}

std::optional<std::string_view> RequestContext::preference(std::string_view lower_name) const
{
    for (const auto& [name, value] : head_.fields_with_prefix("prefer")) {
        auto list = name == "prefer" ? value : std::string_view{};
        while (!list.empty()) {
            auto item = take_item(list, ',');
            item = take_item(item, ';'); // what follows are parameters of the preference
            const auto key = take_item(item, '=');
            if (!equals_ignoring_case(key, lower_name)) {
                continue; // RFC 7240, 2: the first one counts, unknown ones are ignored
            }
            item = trimmed(item);
            const bool is_quoted = item.size() >= 2 && item.front() == '"' && item.back() == '"';
            return is_quoted ? item.substr(1, item.size() - 2) : item;
        }
    }
    return std::nullopt;
}

std::chrono::seconds RequestContext::preferred_wait() const
{
    const auto seconds = parse_place(preference("wait").value_or("0"));
    const auto most = static_cast<std::uint64_t>(services_->limits.wait_max.count());
    return std::chrono::seconds{seconds ? std::min(*seconds, most) : std::uint64_t{0}};
}

} // namespace sealstream::http
