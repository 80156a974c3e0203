#include "node/security/key_fetcher.hpp"

#include "core/base/log.hpp"
#include "node/security/https_get.hpp"
#include "node/security/key_pacing.hpp"

namespace sealstream::security {

namespace {

constexpr std::chrono::milliseconds look{200}; // how soon a wish is seen

} // namespace

void KeyFetcher::start(TaskGroup& tasks)
{
    for (std::size_t at = 0; at < keys_.size(); ++at) {
        if (keys_.issuer(at).url) {
            tasks.spawn("tokens.fetch_keys", follow(at));
        }
    }
}

Task<void> KeyFetcher::follow(std::size_t issuer)
{
    const TokenOptions& options = keys_.options();
    KeyPacing pacing{options.fetch_interval, options.fetch_early};
    bool is_wished = false;
    while (!stop_.requested()) {
        is_wished = keys_.take_wish(issuer) || is_wished;
        if (!pacing.is_due(clock_.monotonic(), is_wished)) {
            co_await stop_.sleep_for(look);
            continue;
        }
        const auto fetched = co_await fetch(issuer);
        pacing.tried(fetched.has_value(), clock_.monotonic());
        is_wished = false;
        if (!fetched) {
            failed(keys_.issuer(issuer).issuer, fetched.error());
        }
    }
}

Task<Result<void>> KeyFetcher::fetch(std::size_t issuer)
{
    const TokenOptions& options = keys_.options();
    HttpsWish wish{*keys_.issuer(issuer).url, options.ca_file, key_set_bytes_max,
                   options.fetch_timeout};
    const auto executor = stop_.executor();
    SEAL_CO_TRY(document, co_await https_get(executor, std::move(wish)));
    co_return keys_.replace(issuer, document, clock_.wall().nanoseconds / 1'000'000'000);
}

void KeyFetcher::failed(const std::string& issuer, const Error& error)
{
    if (metrics_ != nullptr) {
        metrics_->keys_failed(issuer);
    }
    log(Level::warn, "tokens.keys_not_loaded", "security",
        {{"issuer", issuer}, {"reason", describe(error)}});
}

} // namespace sealstream::security
