#include "core/rules/redaction.hpp"

#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"
#include "core/schema/json_pointer.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>

namespace sealstream {

namespace json = boost::json;

namespace {

constexpr std::size_t pointer_bytes_max = 512;

struct Mode {
    RedactionMode mode;
    std::string_view name;
};
constexpr std::array modes{Mode{RedactionMode::remove, "remove"}, Mode{RedactionMode::mask, "mask"},
                           Mode{RedactionMode::digest, "digest"}};

Result<Redaction> parse_one(const json::value& value)
{
    Redaction redaction;
    const auto* text = value.if_string();
    if (const auto* object = value.if_object()) {
        for (const auto& member : *object) {
            if (member.key() != "pointer" && member.key() != "mode") {
                return Error{Errc::malformed, "a rule has \"pointer\" and \"mode\""};
            }
        }
        const auto* pointer = object->if_contains("pointer");
        text = pointer == nullptr ? nullptr : pointer->if_string();
        if (const auto* wish = object->if_contains("mode")) {
            const auto* found = std::find_if(modes.begin(), modes.end(), [wish](const Mode& mode) {
                return wish->is_string() &&
                       std::string_view{wish->get_string().data(), wish->get_string().size()} ==
                           mode.name;
            });
            if (found == modes.end()) {
                return Error{Errc::malformed, "\"mode\" is remove, mask or digest", "/mode"};
            }
            redaction.mode = found->mode;
        }
    }
    if (text == nullptr || text->size() > pointer_bytes_max) {
        return Error{Errc::malformed, "a rule is a JSON Pointer, or an object with a \"pointer\""};
    }
    redaction.pointer.assign(text->data(), text->size());
    SEAL_TRY(tokens, parse_pointer(redaction.pointer));
    if (tokens.empty() || (tokens.front() != "data" && tokens.front() != "meta")) {
        return Error{Errc::malformed, "a pointer begins with /data or /meta"};
    }
    redaction.tokens = std::move(tokens);
    return redaction;
}

std::string digest_of(const EventId& id, const std::string& place, const json::value& value)
{
    using namespace std::string_view_literals;
    Bytes input = to_bytes("sealstream/redacted-field/v1\0"sv);
    const std::string text = to_canonical_json(value);
    for (const auto part : {ByteView{id.bytes}, as_bytes(place), as_bytes(text)}) {
        append_big_endian(input, static_cast<std::uint32_t>(part.size()));
        append(input, part);
    }
    return "sha256:" + to_hex(sha256(input).view());
}

class Redactor {
public:
    Redactor(const EventId& id, const Redaction& rule) : id_{id}, rule_{rule} {}

    // Whether the value itself must go.
    bool apply(json::value& value, std::size_t depth, const std::string& place)
    {
        if (depth == rule_.tokens.size() || (!value.is_structured() && !value.is_null())) {
            return replace(value, place);
        }
        const std::string& token = rule_.tokens[depth];
        if (auto* object = value.if_object()) {
            std::vector<std::string> gone;
            for (auto& member : *object) {
                const std::string key{member.key().data(), member.key().size()};
                if ((token == "*" || token == key) &&
                    apply(member.value(), depth + 1, child(place, key))) {
                    gone.push_back(key);
                }
            }
            for (const std::string& key : gone) {
                object->erase(key);
            }
        } else if (auto* array = value.if_array()) {
            std::size_t number = 0;
            for (auto at = array->begin(); at != array->end(); ++number) {
                const auto key = std::to_string(number);
                const bool is_gone =
                    (token == "*" || token == key) && apply(*at, depth + 1, child(place, key));
                at = is_gone ? array->erase(at) : at + 1;
            }
        }
        return false;
    }

private:
    static std::string child(const std::string& place, std::string_view token)
    {
        std::string longer = place;
        append_token(longer, token);
        return longer;
    }

    bool replace(json::value& value, const std::string& place)
    {
        if (rule_.mode == RedactionMode::mask) {
            value = json::string{redaction_mask.data(), redaction_mask.size()};
        } else if (rule_.mode == RedactionMode::digest) {
            value = json::string{digest_of(id_, place, value)};
        }
        return rule_.mode == RedactionMode::remove;
    }

    const EventId& id_;
    const Redaction& rule_;
};

// `text` is canonical JSON, as a draft has it.
void redact_part(std::string& text, std::string_view name, const EventId& id,
                 const std::vector<Redaction>& redactions)
{
    std::optional<json::value> value;
    for (const Redaction& rule : redactions) {
        if (rule.tokens.front() != name || text.empty()) {
            continue;
        }
        if (!value) {
            auto parsed = parse_json(text, {128, text.size()});
            value = parsed ? *std::move(parsed) : json::value(nullptr); // can not be read: is gone
        }
        if (Redactor{id, rule}.apply(*value, 1, "/" + std::string{name})) {
            value = json::value(nullptr);
        }
    }
    if (!value) {
        return;
    }
    const bool is_meta = name == "meta";
    text = is_meta && !value->is_object() ? std::string{} : to_canonical_json(*value);
}

} // namespace

Result<std::vector<Redaction>> parse_redactions(const json::value& value)
{
    const auto* array = value.if_array();
    if (array == nullptr || array->size() > redactions_max) {
        return Error{array == nullptr ? Errc::malformed : Errc::too_large,
                     "redactions are an array of at most " + std::to_string(redactions_max) +
                         " rules"};
    }
    std::vector<Redaction> redactions;
    for (const auto& element : *array) {
        auto rule = parse_one(element);
        if (!rule) {
            auto error = rule.error();
            error.pointer.insert(0, "/" + std::to_string(redactions.size()));
            return error;
        }
        redactions.push_back(*std::move(rule));
    }
    return redactions;
}

json::value to_json(const std::vector<Redaction>& redactions)
{
    json::array array;
    for (const Redaction& redaction : redactions) {
        const auto name = modes[static_cast<std::size_t>(redaction.mode)].name;
        array.push_back(json::object{{"pointer", redaction.pointer},
                                     {"mode", json::string_view{name.data(), name.size()}}});
    }
    return array;
}

void redact(Draft& draft, const std::vector<Redaction>& redactions)
{
    redact_part(draft.data, "data", draft.id, redactions);
    redact_part(draft.meta, "meta", draft.id, redactions);
}

} // namespace sealstream
