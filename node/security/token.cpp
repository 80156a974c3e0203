#include "node/security/token.hpp"

#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/names.hpp"
#include "node/security/words.hpp"

#include <algorithm>

namespace sealstream::security {

struct ParsedToken::Claims {
    boost::json::object all;
};

namespace {

using boost::json::object;
using boost::json::value;

constexpr std::size_t json_depth_max = 8;
constexpr std::size_t claims_max = 256; // kept for rules
constexpr std::int64_t time_max = std::int64_t{1} << 40;

Error refused_token(std::string_view reason)
{
    return {Errc::unauthenticated, std::string{reason}};
}

Result<object> read_object(std::string_view base64)
{
    const auto bytes = from_base64url(base64);
    if (!bytes) {
        return refused_token("the token is not in base64url");
    }
    const JsonLimits limits{json_depth_max, token_bytes_max};
    auto parsed = parse_json(as_text(*bytes), limits);
    if (!parsed || !parsed->is_object()) {
        return refused_token("a part of the token is no strict JSON object");
    }
    return std::move(parsed->get_object());
}

const std::string* keep(std::string& to, const value* from)
{
    const auto* const text = from == nullptr ? nullptr : from->if_string();
    if (text == nullptr) {
        return nullptr;
    }
    to.assign(text->data(), text->size());
    return &to;
}

// "typ" says what kind of token it is (RFC 8725, 3.11); an ID token of another protocol is none.
bool is_access_token(std::string_view type)
{
    std::string lower{type};
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return lower == "jwt" || lower == "at+jwt" || lower == "application/at+jwt";
}

Result<void> read_header(const object& header, ParsedToken& to)
{
    std::string text;
    if (header.contains("crit")) {
        return refused_token("the token needs an extension that is not understood");
    }
    if (header.contains("typ") &&
        (keep(text, header.if_contains("typ")) == nullptr || !is_access_token(text))) {
        return refused_token("the token is not of a kind that is accepted");
    }
    if (keep(text, header.if_contains("alg")) == nullptr) {
        return refused_token("the token names no algorithm");
    }
    const auto algorithm = algorithm_named(text);
    if (!algorithm) {
        return refused_token("the token's algorithm is not accepted");
    }
    to.algorithm = *algorithm;
    if (header.contains("kid") && keep(to.kid, header.if_contains("kid")) == nullptr) {
        return refused_token("the token's key id is no text");
    }
    return {};
}

// Seconds since 1970; fractions are cut.
std::optional<std::int64_t> time_of(const object& claims, std::string_view name)
{
    const auto* const found = claims.if_contains({name.data(), name.size()});
    if (found == nullptr || !found->is_number()) {
        return std::nullopt;
    }
    if (found->is_double()) {
        const double seconds = found->get_double();
        if (!(seconds >= 0 && seconds < static_cast<double>(time_max))) {
            return std::nullopt;
        }
        return static_cast<std::int64_t>(seconds);
    }
    boost::system::error_code failed;
    const auto seconds = found->to_number<std::int64_t>(failed);
    return failed || seconds < 0 || seconds > time_max ? std::nullopt : std::optional{seconds};
}

bool has_audience(const object& claims, const std::vector<std::string>& wanted)
{
    const auto* const found = claims.if_contains("aud");
    if (found == nullptr) {
        return false;
    }
    const auto is_wanted = [&wanted](const value& each) {
        std::string text;
        return keep(text, &each) != nullptr &&
               std::find(wanted.begin(), wanted.end(), text) != wanted.end();
    };
    const auto* const list = found->if_array();
    return list == nullptr ? is_wanted(*found) : std::any_of(list->begin(), list->end(), is_wanted);
}

// Texts, integers and truths by name; members of objects as outer.inner, items of lists each.
void flatten(const std::string& name, const value& from, std::vector<Claim>& to)
{
    if (to.size() >= claims_max) {
        return;
    }
    if (const auto* const members = from.if_object()) {
        for (const auto& member : *members) {
            flatten(name + "." + std::string{member.key()}, member.value(), to);
        }
    } else if (const auto* const items = from.if_array()) {
        for (const auto& item : *items) {
            flatten(name, item, to);
        }
    } else if (from.is_string()) {
        to.push_back({name, std::string{from.get_string().c_str(), from.get_string().size()}});
    } else if (from.is_int64()) {
        to.push_back({name, std::to_string(from.get_int64())});
    } else if (from.is_bool()) {
        to.push_back({name, from.get_bool() ? "true" : "false"});
    }
}

std::vector<Claim> claims_for_rules(const object& claims)
{
    std::vector<Claim> list;
    for (const auto& member : claims) {
        std::string text;
        if (member.key() == "scope" && keep(text, &member.value()) != nullptr) {
            // A list with spaces (RFC 8693, 4.2).
            for (std::size_t at = 0; at < text.size();) {
                const auto end = std::min(text.find(' ', at), text.size());
                list.push_back({"scope", text.substr(at, end - at)});
                at = end + 1;
            }
            continue;
        }
        flatten(std::string{member.key()}, member.value(), list);
    }
    return list;
}

Result<void> check_times(const object& claims, std::int64_t now, std::int64_t skew)
{
    const auto expires = time_of(claims, "exp");
    if (!expires) {
        return refused_token("the token does not say when it expires");
    }
    if (now >= *expires + skew) {
        return refused_token(token_has_expired);
    }
    for (const auto* name : {"nbf", "iat"}) {
        const auto begins = time_of(claims, name);
        if (claims.contains(name) && (!begins || *begins > now + skew)) {
            return refused_token("the token is not valid yet");
        }
    }
    return {};
}

} // namespace

Result<TokenIssuer> TokenIssuer::parse(std::string_view line)
{
    SEAL_TRY(words, parse_words(line));
    TokenIssuer issuer;
    for (Word& word : words) {
        const bool is_single = word.values.size() == 1;
        if (word.key == "issuer" && is_single) {
            issuer.issuer = word.values.front();
        } else if (word.key == "jwks" && is_single) {
            issuer.jwks = word.values.front();
        } else if (word.key == "source" && is_single) {
            issuer.source_claim = word.values.front();
        } else if (word.key == "audience" && !word.values.empty()) {
            issuer.audiences = std::move(word.values);
        } else if (word.key == "require" && !word.values.empty()) {
            issuer.required = std::move(word.values);
        } else if (word.key == "algorithms" && !word.values.empty()) {
            issuer.algorithms.clear();
            for (const std::string& text : word.values) {
                const auto algorithm = algorithm_named(text);
                if (!algorithm) {
                    return Error{Errc::malformed, "\"" + text +
                                                      "\" is not accepted; algorithms are RS256, "
                                                      "PS256, ES256 and EdDSA"};
                }
                issuer.algorithms.push_back(*algorithm);
            }
        } else {
            return Error{Errc::malformed, "\"" + word.key + "\" is no word of an issuer"};
        }
    }
    if (issuer.issuer.empty() || issuer.audiences.empty() || issuer.jwks.empty()) {
        return Error{Errc::malformed, "an issuer needs issuer=, audience= and jwks="};
    }
    if (HttpsUrl::is_meant(issuer.jwks)) {
        auto url = HttpsUrl::parse(issuer.jwks);
        if (!url) {
            return with_context(url.error(), "jwks=" + issuer.jwks);
        }
        issuer.url = *std::move(url);
    }
    return issuer;
}

Result<ParsedToken> ParsedToken::parse(std::string_view text)
{
    if (text.size() > token_bytes_max) {
        return refused_token("the token has more than 8 KiB");
    }
    const auto first = text.find('.');
    const auto second = first == std::string_view::npos ? first : text.find('.', first + 1);
    if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos) {
        return refused_token("the token has not three parts");
    }
    SEAL_TRY(header, read_object(text.substr(0, first)));
    ParsedToken token;
    SEAL_TRY_VOID(read_header(header, token));
    auto claims = std::make_shared<Claims>();
    SEAL_TRY(all, read_object(text.substr(first + 1, second - first - 1)));
    claims->all = std::move(all);
    if (keep(token.issuer, claims->all.if_contains("iss")) == nullptr) {
        return refused_token("the token names no issuer");
    }
    auto signature = from_base64url(text.substr(second + 1));
    if (!signature || signature->empty()) {
        return refused_token("the token has no signature");
    }
    token.signature = *std::move(signature);
    token.signed_part = text.substr(0, second);
    token.claims = std::move(claims);
    return token;
}

Result<Identity> verify_token(const ParsedToken& token, const TokenIssuer& issuer,
                              const KeySet& keys, std::int64_t now, std::int64_t skew_seconds)
{
    const auto& algorithms = issuer.algorithms;
    if (token.issuer != issuer.issuer ||
        std::find(algorithms.begin(), algorithms.end(), token.algorithm) == algorithms.end()) {
        return refused_token("the token's issuer or algorithm is not accepted");
    }
    const auto key = keys.verify(token.kid, token.algorithm, token.signed_part, token.signature);
    if (!key) {
        return key.error().code == Errc::not_found
                   ? key.error()
                   : refused_token("the token's signature does not hold");
    }
    const object& claims = token.claims->all;
    if (!has_audience(claims, issuer.audiences)) {
        return refused_token("the token is for somebody else");
    }
    SEAL_TRY_VOID(check_times(claims, now, skew_seconds));
    for (const std::string& name : issuer.required) {
        if (!claims.contains(name)) {
            return refused_token("the token lacks a claim that is required");
        }
    }
    Identity identity;
    identity.means = Means::token;
    identity.issuer = issuer.issuer;
    if (keep(identity.subject, claims.if_contains("sub")) == nullptr ||
        !check_label(identity.subject)) {
        return refused_token("the token has no subject");
    }
    keep(identity.source, claims.if_contains(issuer.source_claim));
    if (!identity.source.empty() && !check_label(identity.source)) {
        return refused_token("the token's source is no name");
    }
    identity.claims = claims_for_rules(claims);
    identity.token_expires = *time_of(claims, "exp") + skew_seconds;
    identity.token_key = *key;
    return identity;
}

} // namespace sealstream::security
