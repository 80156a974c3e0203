#include "core/packs/document.hpp"

#include "core/schema/json_pointer.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>

namespace sealstream {

namespace json = boost::json;

namespace {

json::value plain_to_json(const std::string& text)
{
    if (text == "true" || text == "false") {
        return json::value(text == "true");
    }
    const bool may_be_number =
        !text.empty() && text.find_first_not_of("0123456789+-.eE") == std::string::npos;
    if (may_be_number) {
        boost::system::error_code failed;
        auto number = json::parse(text, failed);
        if (!failed) {
            return number;
        }
    }
    return json::value(std::string_view{text});
}

} // namespace

const DocumentNode* DocumentNode::find(std::string_view key) const noexcept
{
    const auto found = std::find_if(members.begin(), members.end(),
                                    [key](const DocumentMember& one) { return one.key == key; });
    return found == members.end() ? nullptr : &found->value;
}

json::value to_json(const DocumentNode& node)
{
    switch (node.kind) {
    case DocumentNode::Kind::null:
        return nullptr;
    case DocumentNode::Kind::plain:
        return plain_to_json(node.scalar);
    case DocumentNode::Kind::quoted:
        return json::value(std::string_view{node.scalar});
    case DocumentNode::Kind::list: {
        json::array all;
        for (const auto& item : node.items) {
            all.push_back(to_json(item));
        }
        return json::value(std::move(all));
    }
    case DocumentNode::Kind::map: {
        json::object all;
        for (const auto& member : node.members) {
            all.insert_or_assign(member.key, to_json(member.value));
        }
        return json::value(std::move(all));
    }
    }
    return nullptr;
}

const DocumentNode& node_at(const DocumentNode& node, std::string_view pointer)
{
    const DocumentNode* at = &node;
    const auto tokens = parse_pointer(pointer);
    if (!tokens) {
        return node;
    }
    for (const auto& token : *tokens) {
        const DocumentNode* next = at->find(token);
        if (at->is_list() && !token.empty() &&
            token.find_first_not_of("0123456789") == std::string::npos && token.size() < 9) {
            const auto index = static_cast<std::size_t>(std::stoul(token));
            next = index < at->items.size() ? &at->items[index] : nullptr;
        }
        if (next == nullptr) {
            break;
        }
        at = next;
    }
    return *at;
}

} // namespace sealstream
