#include "node/http/packs/json_output.hpp"

#include "core/event/canonical_json.hpp"
#include "core/event/json_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace sealstream::http {

void append_json(std::string& to, const boost::json::value& value)
{
    if (const auto* object = value.if_object()) {
        to.push_back('{');
        bool is_first = true;
        for (const auto& member : *object) {
            to.append(is_first ? "" : ",");
            is_first = false;
            append_canonical_string(to, {member.key().data(), member.key().size()});
            to.push_back(':');
            append_json(to, member.value());
        }
        to.push_back('}');
    } else if (const auto* array = value.if_array()) {
        to.push_back('[');
        bool is_first = true;
        for (const auto& item : *array) {
            to.append(is_first ? "" : ",");
            append_json(to, item);
            is_first = false;
        }
        to.push_back(']');
    } else {
        append_canonical_json(to, value);
    }
}

} // namespace sealstream::http
