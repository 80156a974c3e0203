#include "node/cli/pack_report.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace sealstream::cli {

namespace {

namespace json = boost::json;

std::string counted(std::size_t count, const std::string& one)
{
    return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

} // namespace

std::string to_text(const LoadedPack& loaded, const std::string& folder)
{
    std::string text;
    for (const auto& problem : loaded.problems) {
        text += folder + "/" + to_line(problem) + "\n";
    }
    if (loaded.pack == nullptr) {
        return text + counted(loaded.problems.size(), "problem") + "\n";
    }
    const Pack& pack = *loaded.pack;
    return "pack " + pack.name + " version " + std::to_string(pack.version) + ": good (" +
           counted(pack.event_types.size(), "event type") + ", " +
           counted(pack.projections.size(), "projection") + ", " +
           counted(pack.guards.size(), "guard") + ", " +
           counted(pack.queries.size() + pack.commands.size(), "route") + ")\n";
}

std::string to_json(const LoadedPack& loaded, const std::string& folder)
{
    json::array problems;
    for (const auto& problem : loaded.problems) {
        problems.push_back(json::object{{"file", problem.file},
                                        {"line", problem.place.line},
                                        {"column", problem.place.column},
                                        {"message", problem.message},
                                        {"remedy", problem.remedy}});
    }
    json::object all{{"folder", folder}, {"good", loaded.pack != nullptr}};
    if (loaded.pack != nullptr) {
        all["pack"] = loaded.pack->name;
        all["version"] = loaded.pack->version;
        all["digest"] = loaded.pack->digest;
    }
    all["problems"] = std::move(problems);
    return json::serialize(all) + "\n";
}

std::string to_text(const PackDiff& diff)
{
    std::string text;
    for (const auto& change : diff.changes) {
        text += std::string{name(change.weight)} + ": " + change.part + " " + change.message +
                (change.remedy.empty() ? "" : "; " + change.remedy) + "\n";
    }
    return text.empty() ? "nothing changes\n" : text;
}

std::string to_json(const PackDiff& diff)
{
    json::array changes;
    for (const auto& change : diff.changes) {
        changes.push_back(json::object{{"weight", name(change.weight)},
                                       {"part", change.part},
                                       {"message", change.message},
                                       {"remedy", change.remedy}});
    }
    return json::serialize(json::object{{"deployable", diff.is_deployable()},
                                        {"changes", std::move(changes)}}) +
           "\n";
}

} // namespace sealstream::cli
