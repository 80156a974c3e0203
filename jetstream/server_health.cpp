#include "jetstream/server_health.hpp"

#include "jetstream/monitor_page.hpp"

#include <boost/json/parse.hpp>

namespace sealstream::jetstream {

namespace {

std::string text_of(const boost::json::object& page, std::string_view key)
{
    const auto* value = page.if_contains(key);
    return value != nullptr && value->is_string() ? std::string{value->as_string()} : std::string{};
}

} // namespace

ServerHealth parse_health(std::string_view healthz)
{
    boost::system::error_code failed;
    const auto document = boost::json::parse({healthz.data(), healthz.size()}, failed);
    const auto* page = failed ? nullptr : document.if_object();
    if (page != nullptr && text_of(*page, "status") == "ok") {
        return {true, {}, {}};
    }
    std::string trouble = page != nullptr ? text_of(*page, "error") : std::string{};
    if (trouble.empty()) {
        trouble = "it does not say that it is well";
    }
    // It tries no more, whatever becomes of the disk.
    const bool is_of_disk = trouble.find("write error") != std::string::npos ||
                            trouble.find("no space") != std::string::npos;
    return {false, std::move(trouble),
            is_of_disk ? "make room on its disk (or mend it), then restart this server: until then "
                         "it stores nothing. What was acknowledged is kept."
                       : "its own log says more."};
}

Task<Result<ServerHealth>> read_server_health(std::string monitor_url,
                                              boost::asio::any_io_executor home,
                                              std::chrono::milliseconds timeout)
{
    SEAL_CO_TRY(page, co_await read_monitor_page(std::move(monitor_url), "/healthz",
                                                 std::move(home), timeout));
    co_return parse_health(page.body);
}

} // namespace sealstream::jetstream
