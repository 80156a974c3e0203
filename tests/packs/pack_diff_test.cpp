#include "core/packs/pack_diff.hpp"
#include "tests/packs/pack_world.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

// todo with some texts replaced, and the version that follows.
PackPtr next_todo(const std::vector<std::pair<std::string, std::string>>& edits,
                  const std::string& version = "version: 4")
{
    auto files = todo_with("version: 3", version);
    for (const auto& [text, other] : edits) {
        auto& yaml = files["pack.yaml"];
        const auto at = yaml.find(text);
        REQUIRE(at != std::string::npos);
        yaml.replace(at, text.size(), other);
    }
    const auto loaded = load(files);
    for (const auto& problem : loaded.problems) {
        UNSCOPED_INFO(to_line(problem));
    }
    REQUIRE(loaded.pack != nullptr);
    return loaded.pack;
}

std::string told(const PackDiff& diff)
{
    std::string all;
    for (const auto& change : diff.changes) {
        all += std::string{name(change.weight)} + ": " + change.part + " " + change.message + "\n";
    }
    return all;
}

PackDiff diff_to(const PackPtr& after)
{
    return diff_packs(*load(todo_files()).pack, *after);
}

} // namespace

TEST_CASE("a pack does not differ from itself", "[packs]")
{
    CHECK(diff_to(load(todo_files()).pack).changes.empty());
}

TEST_CASE("a change without a new version is refused", "[packs]")
{
    const auto diff = diff_to(next_todo({{"every: 5m", "every: 6m"}}, "version: 3"));
    CHECK(!diff.is_deployable());
    CHECK(diff_to(next_todo({{"every: 5m", "every: 6m"}})).is_deployable());
}

TEST_CASE("what a schema may become", "[packs]")
{
    const auto wider = next_todo({{"version: 2", "version: 3"},
                                  {"maxLength: 20", "maxLength: 30"},
                                  {"upcasts: [{from: 1, data: \"data || '{}'\"}]", ""}});
    CHECK(diff_to(wider).is_deployable());
    const auto narrower = next_todo({{"version: 2", "version: 3"},
                                     {"maxLength: 20", "maxLength: 10"},
                                     {"upcasts: [{from: 1, data: \"data || '{}'\"}]", ""}});
    const auto refused = diff_to(narrower);
    INFO(told(refused));
    CHECK(!refused.is_deployable());
    CHECK(told(refused).find("its schema may not follow") != std::string::npos);
    const auto unnumbered = next_todo({{"maxLength: 20", "maxLength: 30"}});
    CHECK(!diff_to(unnumbered).is_deployable());
    const auto renumbered = next_todo(
        {{"version: 2", "version: 3"}, {"upcasts: [{from: 1, data: \"data || '{}'\"}]", ""}});
    CHECK(!diff_to(renumbered).is_deployable());
}

TEST_CASE("other SQL of a fold needs another version of its projection", "[packs]")
{
    const auto fold = std::pair<std::string, std::string>{
        "apply: apply.sql, version: 4",
        "apply: \"INSERT INTO task SELECT stream_id FROM batch\", version: 4"};
    auto files = todo_with("version: 3", "version: 4");
    files["apply.sql"] += " -- a comment behind it changes nothing";
    CHECK(diff_to(load(files).pack).changes.empty());
    files["apply.sql"] = "INSERT INTO task SELECT stream_id FROM batch";
    CHECK(!diff_to(load(files).pack).is_deployable());
    auto& yaml = files["pack.yaml"];
    yaml.replace(yaml.find("apply.sql, version: 4"), 21, "apply.sql, version: 5");
    const auto diff = diff_to(load(files).pack);
    CHECK(diff.is_deployable());
    CHECK(told(diff).find("rebuild: projection todo") != std::string::npos);
}

TEST_CASE("who relied on a route is told", "[packs]")
{
    struct Case {
        std::string text, other, line;
    };
    const auto change = GENERATE(
        Case{"GET /tasks\n", "GET /all\n",
             "breaking: query tasks is at GET /all, was at GET /tasks"},
        Case{"owner: {type: text, max: 9}", "owner: {type: integer}",
             "breaking: query tasks wants more of owner"},
        Case{"owner: {type: text, max: 9}", "owner: {type: text, required: true}",
             "breaking: query tasks wants more of owner"},
        Case{"{tasks: \"{rows}\"}", "{list: \"{rows}\"}",
             "breaking: query tasks answers in another form"},
        Case{"status: 202", "status: 200", "breaking: command open answers in another form"},
        Case{"body: {type: object, properties: {title: {type: string}}}",
             "body: {type: object, properties: {title: {type: string}}, required: [title]}",
             "breaking: command open does not take every body"},
        Case{"redact: [/data/password]", "redact: [/data/secret]",
             "breaking: event TaskOpened /data/password is no longer"},
        Case{"chain: true", "chain: false", "refused: stream type task"},
        Case{"pack: todo", "pack: other", "refused: pack other was called todo"},
        Case{"every: 5m", "every: 6m", "note: invariant titles has changed"},
        Case{"every: 5m", "every: 5m, repeat: 1m", "note: invariant titles has changed"},
        Case{"every: 5m", "every: 5m, repeat_changed: true", "note: invariant titles has changed"},
        Case{"every: 5m", "every: 5m, event: NoTitle", "note: invariant titles has changed"},
        Case{"  TaskDone:\n", "  TaskNoted: {}\n  TaskDone:\n", "note: event TaskNoted is new"},
        Case{"reactors:\n  tell: {events: [TaskDone], http: {url: \"https://x/{event.id}\"}}\n", "",
             "note: reactor tell is gone"});
    const auto diff = diff_to(next_todo({{change.text, change.other}}));
    INFO(told(diff));
    CHECK(told(diff).find(change.line) != std::string::npos);
}
