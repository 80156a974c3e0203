// Merges YAML files into one document and writes it as a source file that compiles it in.
//
//   merge_yaml FUNCTION NAME OUT.cpp FILE.yaml…
//
// OUT.cpp defines  std::span<const EmbeddedFile> sealstream::FUNCTION()  with NAME.json and
// NAME.yaml. Objects of the same name are merged; a value that two files give is an error, so that
// no file can silently replace what another says.
//
// In an OpenAPI document the object x-every-operation is added to each operation, which may say
// more: its own members win.

#include "node/http/openapi/yaml_text.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <iostream>
#include <regex>
#include <stdexcept>

namespace {

namespace json = boost::json;

// The core schema of YAML 1.2 (10.3.2), as far as documents need it.
json::value scalar(const YAML::Node& node)
{
    static const std::regex integer{"-?(0|[1-9][0-9]*)"};
    static const std::regex real{R"(-?(0|[1-9][0-9]*)\.[0-9]+)"};
    const std::string& text = node.Scalar();
    if (node.Tag() == "!") { // quoted, or a block
        return json::value(text);
    }
    if (text == "true" || text == "false") {
        return json::value(text == "true");
    }
    if (std::regex_match(text, integer)) {
        return json::value(static_cast<std::int64_t>(std::stoll(text)));
    }
    if (std::regex_match(text, real)) {
        return json::value(std::stod(text));
    }
    return json::value(text);
}

json::value to_json(const YAML::Node& node, const std::string& where)
{
    if (node.IsNull()) {
        return nullptr;
    }
    if (node.IsScalar()) {
        return scalar(node);
    }
    if (node.IsSequence()) {
        json::array array;
        for (const YAML::Node& element : node) {
            array.push_back(to_json(element, where + "/-"));
        }
        return array;
    }
    json::object object;
    for (const auto& member : node) {
        const std::string key = member.first.Scalar();
        if (object.contains(key)) {
            throw std::runtime_error{where + "/" + key + ": is there twice"};
        }
        object.emplace(key, to_json(member.second, where + "/" + key));
    }
    return object;
}

void merge(json::object& to, const json::object& from, const std::string& where)
{
    for (const auto& [key, value] : from) {
        auto* const there = to.if_contains(key);
        if (there == nullptr) {
            to.emplace(key, value);
        } else if (there->is_object() && value.is_object()) {
            merge(there->get_object(), value.get_object(), where + "/" + std::string{key});
        } else {
            throw std::runtime_error{where + "/" + std::string{key} + ": another file has it too"};
        }
    }
}

// Adds members, and members of members, where `to` has none.
void complete(json::object& to, const json::object& more)
{
    for (const auto& [key, value] : more) {
        auto& there = to[key];
        if (!there.is_object()) {
            there = json::object{};
        }
        for (const auto& [inner, part] : value.as_object()) {
            there.get_object().emplace(inner, part); // keeps what is there
        }
    }
}

void complete_operations(json::object& document)
{
    const auto every = document.find("x-every-operation");
    if (every == document.end()) {
        return;
    }
    const json::object more = every->value().as_object();
    document.erase(every);
    for (auto& path : document.at("paths").as_object()) {
        for (auto& [key, operation] : path.value().as_object()) {
            if (operation.is_object() && operation.get_object().contains("operationId")) {
                complete(operation.get_object(), more);
            }
        }
    }
}

std::string source_of(const std::string& function, const std::string& name,
                      const json::object& document)
{
    const std::string yaml = sealstream::to_yaml(json::serialize(document));
    return "#include \"core/base/embedded_file.hpp\"\n\n#include <array>\n\nnamespace sealstream "
           "{\n\n"
           "std::span<const EmbeddedFile> " +
           function + "();\n\nstd::span<const EmbeddedFile> " + function +
           "()\n{\n    static constexpr std::array<EmbeddedFile, 2> files{\n    EmbeddedFile{\"" +
           name + ".json\", R\"embedded(" + json::serialize(document) +
           "\n)embedded\"},\n    EmbeddedFile{\"" + name + ".yaml\", R\"embedded(" + yaml +
           ")embedded\"},\n    };\n    return files;\n}\n\n} // namespace sealstream\n";
}

} // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string> words{argv + 1, argv + argc};
    if (words.size() < 4) {
        std::cerr << "merge_yaml FUNCTION NAME OUT.cpp FILE.yaml…\n";
        return 2;
    }
    try {
        json::object document;
        for (std::size_t at = 3; at < words.size(); ++at) {
            const auto file = to_json(YAML::LoadFile(words[at]), words[at]);
            merge(document, file.as_object(), words[at]);
        }
        complete_operations(document);
        std::ofstream out{words[2]};
        out << source_of(words[0], words[1], document);
        return out.flush() ? 0 : 1;
    } catch (const std::exception& failure) {
        std::cerr << "merge_yaml: " << failure.what() << "\n";
        return 1;
    }
}
