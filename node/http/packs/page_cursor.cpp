#include "node/http/packs/page_cursor.hpp"

#include "core/base/encoding.hpp"
#include "core/event/canonical_json.hpp"
#include "core/event/digest.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace sealstream::http {

namespace {

namespace json = boost::json;

constexpr std::size_t tag_bytes = 8;

Error no_cursor()
{
    Error error{Errc::malformed,
                "\"after\" is not a cursor of this query with these parameters: take it from "
                "\"next\" of the page before"};
    error.details = "\"parameter\":\"after\"";
    return error;
}

} // namespace

std::string cursor_tag(std::string_view query_name, const Query& query, std::string_view path,
                       std::optional<Position> as_of)
{
    auto parameters = query.parameters();
    std::erase_if(parameters, [](const auto& one) {
        return one.first == "after" || one.first == "limit" || one.first == "min-position" ||
               one.first == "wait" || one.first == "as-of";
    });
    if (as_of) {
        parameters.emplace_back("as-of", std::to_string(as_of->value));
    }
    std::sort(parameters.begin(), parameters.end());
    json::array all{json::value(query_name), json::value(path)};
    for (const auto& [key, value] : parameters) {
        all.push_back(json::value(key));
        all.push_back(json::value(value));
    }
    const auto text = to_canonical_json(json::value(std::move(all)));
    return to_hex(sha256(as_bytes(text)).view().first(tag_bytes));
}

Result<std::string> make_cursor(const PackPaging& paging, std::string_view tag,
                                std::string_view row)
{
    SEAL_TRY(columns, parse_json(row, {128, row.size()}));
    json::array cursor{json::value(tag)};
    for (const PagingKey& key : paging.key) {
        const auto* value =
            columns.is_object() ? columns.get_object().if_contains(key.column) : nullptr;
        if (value == nullptr || value->is_null() || value->is_structured()) {
            return Error{Errc::internal, "the key column " + key.column + " is missing or null"};
        }
        cursor.push_back(value->is_string() ? *value : json::value(to_canonical_json(*value)));
    }
    return to_base64url(as_bytes(to_canonical_json(json::value(std::move(cursor)))));
}

Result<void> take_cursor(const PackPaging& paging, std::string_view tag, std::string_view cursor,
                         std::map<std::string, PackValue, std::less<>>& values)
{
    if (cursor.empty()) {
        for (const PagingKey& key : paging.key) {
            values.insert_or_assign("after_" + key.column, PackValue{});
        }
        return {};
    }
    const auto bytes = from_base64url(cursor);
    const auto parsed =
        bytes ? parse_json({reinterpret_cast<const char*>(bytes->data()), bytes->size()})
              : Result<json::value>{bytes.error()};
    const auto* array = parsed ? parsed->if_array() : nullptr;
    if (array == nullptr || array->size() != paging.key.size() + 1 || !array->front().is_string() ||
        array->front().get_string() != json::string_view{tag}) {
        return no_cursor();
    }
    for (std::size_t at = 0; at < paging.key.size(); ++at) {
        PackParameter column;
        column.name = "after";
        column.type = paging.key[at].type;
        const auto* text = (*array)[at + 1].if_string();
        const auto value =
            text == nullptr ? Result<ParameterValue>{no_cursor()}
                            : parse_parameter(column, std::string_view{text->data(), text->size()});
        if (!value) {
            return no_cursor();
        }
        values.insert_or_assign("after_" + paging.key[at].column, value->sql);
    }
    return {};
}

} // namespace sealstream::http
