#include "node/security/token_keys.hpp"

#include "core/base/log.hpp"
#include "core/event/digest.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

namespace sealstream::security {

namespace {

Result<KeySet> read_set(std::string_view json)
{
    SEAL_TRY(keys, KeySet::parse(json));
    if (keys.size() == 0) {
        return Error{Errc::malformed, "it has no key that can check tokens"};
    }
    return keys;
}

Result<std::string> read_file(const std::string& file)
{
    std::error_code failed;
    const auto size = std::filesystem::file_size(file, failed); // of regular files only
    if (failed || size > key_set_bytes_max) {
        return Error{Errc::not_found, "can not read the key set " + file};
    }
    std::ifstream input{file};
    std::ostringstream text;
    text << input.rdbuf();
    if (!input) {
        return Error{Errc::not_found, "can not read the key set " + file};
    }
    return std::move(text).str();
}

} // namespace

Result<TokenKeys> TokenKeys::load(const TokenOptions& options)
{
    TokenKeys all;
    all.options_ = options;
    for (const std::string& line : options.issuers) {
        auto settings = TokenIssuer::parse(line);
        if (!settings) {
            return with_context(settings.error(), "tokens.issuers \"" + line + "\"");
        }
        if (all.issuer_named(settings->issuer) != nullptr) {
            return Error{Errc::malformed, "tokens.issuers names " + settings->issuer + " twice"};
        }
        Issuer issuer{*std::move(settings)};
        if (!issuer.settings.url) {
            SEAL_TRY(text, read_file(issuer.settings.jwks));
            auto keys = read_set(text);
            if (!keys) {
                return with_context(keys.error(), issuer.settings.jwks);
            }
            issuer.keys = *std::move(keys);
            issuer.content = sha256(as_bytes(text));
        }
        all.issuers_.push_back(std::move(issuer));
    }
    return all;
}

TokenKeys::Issuer* TokenKeys::issuer_named(std::string_view name)
{
    for (Issuer& issuer : issuers_) {
        if (issuer.settings.issuer == name) {
            return &issuer;
        }
    }
    return nullptr;
}

Result<void> TokenKeys::replace(std::size_t at, std::string_view json, std::int64_t now)
{
    SEAL_TRY(keys, read_set(json));
    put(issuers_[at], std::move(keys), sha256(as_bytes(json)), now);
    return {};
}

bool TokenKeys::take_wish(std::size_t at) noexcept
{
    return std::exchange(issuers_[at].is_wished, false);
}

void TokenKeys::put(Issuer& issuer, KeySet keys, const Digest& content, std::int64_t now)
{
    issuer.loaded = now;
    if (content != issuer.content) {
        issuer.keys = std::move(keys);
        issuer.content = content;
        recent_.clear(); // a key that was withdrawn stops to count at once
        places_.clear();
    }
}

// A set that does not load leaves the old one in use.
void TokenKeys::refresh(Issuer& issuer, std::int64_t now)
{
    if (issuer.settings.url || now - issuer.looked < options_.keys_refresh_seconds) {
        return;
    }
    issuer.looked = now;
    const auto text = read_file(issuer.settings.jwks);
    auto keys = text ? read_set(*text) : Result<KeySet>{text.error()};
    if (!keys) {
        if (metrics_ != nullptr) {
            metrics_->keys_failed(issuer.settings.issuer);
        }
        log(Level::warn, "tokens.keys_not_loaded", "security",
            {{"issuer", issuer.settings.issuer}, {"reason", describe(keys.error())}});
        return;
    }
    put(issuer, *std::move(keys), sha256(as_bytes(*text)), now);
}

Result<void> TokenKeys::check_age(const Issuer& issuer, std::int64_t now) const
{
    if (!issuer.settings.url) {
        return {};
    }
    if (issuer.loaded == 0) {
        return Error{Errc::unavailable, "the keys of the token's issuer have not been fetched yet"};
    }
    if (options_.keys_age_seconds_max != 0 && now - issuer.loaded > options_.keys_age_seconds_max) {
        return Error{Errc::unavailable, "the keys of the token's issuer are too old"};
    }
    return {};
}

Result<CallerPtr> TokenKeys::identify(std::string_view text, std::int64_t now,
                                      const std::function<CallerPtr(Identity)>& admit)
{
    for (Issuer& issuer : issuers_) {
        refresh(issuer, now);
    }
    if (text.size() > token_bytes_max) {
        return Error{Errc::unauthenticated, "the token has more than 8 KiB"};
    }
    const auto digest = sha256(as_bytes(text));
    const auto known = places_.find(as_text(digest.view()));
    if (known != places_.end()) {
        const auto place = known->second;
        const Identity& identity = place->caller->identity;
        SEAL_TRY_VOID(check_age(*issuer_named(identity.issuer), now));
        if (now < identity.token_expires) {
            recent_.splice(recent_.begin(), recent_, place);
            return place->caller;
        }
        recent_.erase(place);
        places_.erase(known);
    }
    SEAL_TRY(token, ParsedToken::parse(text));
    Issuer* const issuer = issuer_named(token.issuer);
    if (issuer == nullptr) {
        return Error{Errc::unauthenticated, "the token's issuer or algorithm is not accepted"};
    }
    SEAL_TRY_VOID(check_age(*issuer, now));
    auto verified = verify_token(token, issuer->settings, issuer->keys, now, options_.skew_seconds);
    if (!verified && verified.error().code == Errc::not_found) {
        issuer->is_wished = true;
        return Error{Errc::unauthenticated, std::string{token_has_unknown_key}};
    }
    if (!verified) {
        return std::move(verified).error();
    }
    CallerPtr caller = admit(*std::move(verified));
    remember(std::string{as_text(digest.view())}, caller);
    return caller;
}

bool TokenKeys::has_key_of(const Identity& identity, std::int64_t now)
{
    Issuer* const issuer = issuer_named(identity.issuer);
    if (issuer == nullptr) {
        return false;
    }
    refresh(*issuer, now);
    return issuer->keys.has_key(identity.token_key);
}

void TokenKeys::remember(std::string digest, CallerPtr caller)
{
    while (recent_.size() >= options_.remembered_max) {
        places_.erase(recent_.back().digest);
        recent_.pop_back();
    }
    recent_.push_front({digest, std::move(caller)});
    places_.insert_or_assign(std::move(digest), recent_.begin());
}

void TokenKeys::show(std::int64_t now)
{
    if (metrics_ == nullptr) {
        return;
    }
    for (Issuer& issuer : issuers_) {
        refresh(issuer, now);
        metrics_->keys(issuer.settings.issuer, issuer.keys.size(),
                       issuer.loaded == 0 ? std::optional<std::int64_t>{} : now - issuer.loaded);
    }
}

} // namespace sealstream::security
