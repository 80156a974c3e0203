#include "config/load.hpp"

#include <yaml-cpp/yaml.h>

#include <set>

namespace sealstream {

namespace {

struct Reader {
    const std::string& file_name;
    std::vector<std::string>& problems;
    std::vector<Assignment> assignments{};

    [[nodiscard]] std::string place(const YAML::Mark& mark) const
    {
        return file_name + ":" + std::to_string(mark.line + 1); // yaml-cpp counts from 0
    }

    void read_map(const YAML::Node& map, const std::string& above)
    {
        std::set<std::string> seen;
        for (const auto& entry : map) {
            const YAML::Node& name = entry.first;
            const std::string path =
                above + (above.empty() ? "" : ".") + (name.IsScalar() ? name.Scalar() : "?");
            if (!name.IsScalar()) {
                problems.push_back(place(name.Mark()) + ": a key must be a word");
            } else if (!seen.insert(name.Scalar()).second) {
                problems.push_back(place(name.Mark()) + ": " + path + " stands here twice");
            } else {
                read_value(entry.second, path, place(name.Mark()));
            }
        }
    }

    void read_value(const YAML::Node& value, const std::string& path, const std::string& origin)
    {
        if (value.IsMap()) {
            read_map(value, path);
        } else if (value.IsSequence()) {
            Assignment assignment{path, {}, true, origin};
            for (const auto& item : value) {
                if (!item.IsScalar()) {
                    problems.push_back(place(item.Mark()) + ": " + path +
                                       " must be a list of words");
                    return;
                }
                assignment.words.push_back(item.Scalar());
            }
            assignments.push_back(std::move(assignment));
        } else if (value.IsScalar()) {
            assignments.push_back({path, {value.Scalar()}, false, origin});
        } else {
            problems.push_back(origin + ": " + path + " has no value");
        }
    }
};

} // namespace

std::vector<Assignment> read_yaml(const std::string& text, const std::string& file_name,
                                  std::vector<std::string>& problems)
{
    Reader reader{file_name, problems};
    try {
        const YAML::Node root = YAML::Load(text);
        if (root.IsMap()) {
            reader.read_map(root, "");
        } else if (root.IsDefined() && !root.IsNull()) {
            problems.push_back(reader.place(root.Mark()) + ": must be keys and values");
        }
    } catch (const YAML::Exception& failed) {
        problems.push_back(reader.place(failed.mark) + ": " + failed.msg);
    }
    return std::move(reader.assignments);
}

} // namespace sealstream
