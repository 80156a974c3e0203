#include "jetstream/sync_mode.hpp"

#include "jetstream/monitor_page.hpp"

#include <boost/json/parse.hpp>

namespace sealstream::jetstream {

namespace {

namespace json = boost::json;

const json::object* object_if_there(const json::object& object, std::string_view key)
{
    const auto* value = object.if_contains(key);
    return value != nullptr ? value->if_object() : nullptr;
}

} // namespace

Result<SyncMode> parse_sync_mode(std::string_view varz)
{
    boost::system::error_code failed;
    const auto document = json::parse({varz.data(), varz.size()}, failed);
    const auto* page = failed ? nullptr : document.if_object();
    const auto* name = page != nullptr ? page->if_contains("server_name") : nullptr;
    const auto* jetstream = page != nullptr ? object_if_there(*page, "jetstream") : nullptr;
    if (name == nullptr || !name->is_string() || jetstream == nullptr) {
        return Error{Errc::malformed, "not the monitoring page of a nats-server"};
    }
    const auto* config = object_if_there(*jetstream, "config");
    if (config == nullptr) {
        return Error{Errc::unsupported, "the server has no JetStream"};
    }
    SyncMode mode;
    mode.server = std::string{name->as_string().data(), name->as_string().size()};
    const auto* always = config->if_contains("sync_always");
    mode.is_always = always != nullptr && always->is_bool() && always->as_bool();
    const auto* interval = config->if_contains("sync_interval");
    if (interval != nullptr && interval->is_int64()) {
        mode.interval = std::chrono::nanoseconds{interval->as_int64()};
    }
    return mode;
}

Task<Result<SyncMode>> read_sync_mode(std::string monitor_url, boost::asio::any_io_executor home,
                                      std::chrono::milliseconds timeout)
{
    SEAL_CO_TRY(page, co_await read_monitor_page(monitor_url, "/varz", std::move(home), timeout));
    if (page.status != 200) {
        co_return Error{Errc::unavailable,
                        monitor_url + "/varz: status " + std::to_string(page.status)};
    }
    co_return parse_sync_mode(page.body);
}

} // namespace sealstream::jetstream
