#include "node/security/token_keys.hpp"

#include "core/base/log.hpp"
#include "core/event/digest.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace sealstream::security {

namespace {

struct KeyFile {
    KeySet keys;
    Digest content;
};

Result<KeyFile> read_keys(const std::string& file)
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
    auto keys = KeySet::parse(text.str());
    if (!keys) {
        return with_context(keys.error(), file);
    }
    if (keys->size() == 0) {
        return Error{Errc::malformed, file + " has no key that can check tokens"};
    }
    return KeyFile{*std::move(keys), sha256(as_bytes(text.str()))};
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
        SEAL_TRY(file, read_keys(settings->jwks));
        all.issuers_.push_back({*std::move(settings), std::move(file.keys), file.content, 0});
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

// A set that does not load leaves the old one in use.
void TokenKeys::refresh(Issuer& issuer, std::int64_t now)
{
    if (now - issuer.looked < options_.keys_refresh_seconds) {
        return;
    }
    issuer.looked = now;
    auto file = read_keys(issuer.settings.jwks);
    if (!file) {
        log(Level::warn, "tokens.keys_not_loaded", "security",
            {{"issuer", issuer.settings.issuer}, {"reason", describe(file.error())}});
        return;
    }
    if (file->content != issuer.content) {
        issuer.keys = std::move(file->keys);
        issuer.content = file->content;
        recent_.clear(); // a key that was withdrawn stops to count at once
        places_.clear();
    }
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
        if (now < place->expires + options_.skew_seconds) {
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
    auto verified = verify_token(token, issuer->settings, issuer->keys, now, options_.skew_seconds);
    if (!verified && verified.error().code == Errc::not_found) {
        return Error{Errc::unauthenticated, "no key that we have signed the token"};
    }
    if (!verified) {
        return std::move(verified).error();
    }
    CallerPtr caller = admit(std::move(verified->identity));
    remember(std::string{as_text(digest.view())}, caller, verified->expires);
    return caller;
}

void TokenKeys::remember(std::string digest, CallerPtr caller, std::int64_t expires)
{
    while (recent_.size() >= options_.remembered_max) {
        places_.erase(recent_.back().digest);
        recent_.pop_back();
    }
    recent_.push_front({digest, std::move(caller), expires});
    places_.insert_or_assign(std::move(digest), recent_.begin());
}

} // namespace sealstream::security
