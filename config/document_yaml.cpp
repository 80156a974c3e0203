#include "config/document_yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>

namespace sealstream {

namespace {

TextPlace place_of(const YAML::Mark& mark)
{
    return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

struct Stopped {}; // a bound is reached; thrown through yaml-cpp, which has no other way to end

// Builds the tree; the open lists and maps are on a stack.
class Builder final : public YAML::EventHandler {
public:
    Builder(const std::string& text, const std::string& file, PackProblems& problems)
        : text_{text},
          file_{file},
          problems_{problems}
    {
    }

    std::optional<DocumentNode> root;

    void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override
    {
        add(make(DocumentNode::Kind::null, mark));
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override
    {
        fail(place_of(mark), "aliases are not allowed", "write the value again");
        add(make(DocumentNode::Kind::null, mark));
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                  const std::string& value) override
    {
        const bool is_plain = tag == "?";
        auto node = make(is_plain ? DocumentNode::Kind::plain : DocumentNode::Kind::quoted, mark);
        if (!tag.empty() && tag != "?" && tag != "!") {
            fail(node.place, "tags are not allowed", "leave out " + tag);
        }
        node.scalar = value;
        find_text(node, mark, is_plain);
        add(std::move(node));
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/,
                         YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override
    {
        open(make(DocumentNode::Kind::list, mark));
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                    YAML::EmitterStyle::value /*style*/) override
    {
        open(make(DocumentNode::Kind::map, mark));
    }
    void OnMapEnd() override { close(); }

private:
    struct Open {
        DocumentNode node;
        std::optional<DocumentMember> member; // a key whose value is still to come
    };

    void fail(TextPlace place, std::string message, std::string remedy)
    {
        problems_.push_back({file_, place, std::move(message), std::move(remedy)});
    }

    DocumentNode make(DocumentNode::Kind kind, const YAML::Mark& mark)
    {
        if (++count_ > document_nodes_max) {
            fail(place_of(mark), "more than " + std::to_string(document_nodes_max) + " values", {});
            throw Stopped{};
        }
        DocumentNode node;
        node.kind = kind;
        node.place = place_of(mark);
        node.text_place = node.place;
        return node;
    }

    // Where the text of a scalar stands, for faults inside of it.
    void find_text(DocumentNode& node, const YAML::Mark& mark, bool is_plain) const
    {
        const auto at = static_cast<std::size_t>(mark.pos);
        const char first = at < text_.size() ? text_[at] : '\0';
        if (is_plain) {
            return;
        }
        if (first != '|' && first != '>') {
            ++node.text_place.column;
            return;
        }
        std::size_t line = text_.find('\n', at);
        node.text_place.line += 1;
        while (line != std::string::npos) {
            const std::size_t letter = text_.find_first_not_of(' ', line + 1);
            if (letter == std::string::npos || text_[letter] != '\n') {
                node.indent =
                    static_cast<std::uint32_t>(letter == std::string::npos ? 0 : letter - line - 1);
                break;
            }
            line = letter; // an empty line
        }
        node.text_place.column = node.indent + 1;
    }

    void open(DocumentNode node)
    {
        if (open_.size() >= document_depth_max) {
            fail(node.place, "nested deeper than " + std::to_string(document_depth_max), {});
            throw Stopped{};
        }
        open_.push_back({std::move(node), {}});
    }

    void close()
    {
        DocumentNode node = std::move(open_.back().node);
        open_.pop_back();
        add(std::move(node));
    }

    void add(DocumentNode node)
    {
        if (open_.empty()) {
            root = std::move(node);
            return;
        }
        Open& above = open_.back();
        if (above.node.is_list()) {
            above.node.items.push_back(std::move(node));
        } else if (!above.member) {
            if (!node.is_scalar()) {
                fail(node.place, "a key must be a word", {});
            } else if (above.node.find(node.scalar) != nullptr) {
                fail(node.place, node.scalar + " stands here twice", "keep one of them");
            }
            above.member = DocumentMember{node.scalar, node.place, {}};
        } else {
            above.member->value = std::move(node);
            above.node.members.push_back(std::move(*above.member));
            above.member.reset();
        }
    }

    const std::string& text_;
    const std::string& file_;
    PackProblems& problems_;
    std::vector<Open> open_;
    std::size_t count_{0};
};

} // namespace

std::optional<DocumentNode> parse_yaml_document(const std::string& text, const std::string& file,
                                                PackProblems& problems)
{
    const std::size_t before = problems.size();
    Builder builder{text, file, problems};
    try {
        std::istringstream input{text};
        YAML::Parser parser{input};
        if (parser.HandleNextDocument(builder) && parser) {
            problems.push_back({file, {}, "more than one document", "leave out the ---"});
        }
    } catch (const YAML::Exception& failed) {
        problems.push_back({file, place_of(failed.mark), failed.msg, {}});
    } catch (const Stopped&) {
        return {}; // the problem is noted
    }
    if (problems.size() != before) {
        return {};
    }
    return builder.root ? std::move(*builder.root) : DocumentNode{};
}

} // namespace sealstream
