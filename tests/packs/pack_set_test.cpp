#include "core/packs/pack_retention.hpp"
#include "core/packs/pack_set.hpp"
#include "tests/packs/pack_world.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

// Another pack, without anything of todo's.
PackPtr other(const std::string& route, const std::string& stream = "note",
              const std::string& event = "Noted")
{
    const auto loaded = load(
        {{"pack.yaml", "pack: notes\nversion: 1\nstreams: {" + stream + ": }\nevents: {" + event +
                           ": {}}\nqueries: {q: {route: \"" + route + "\", sql: SELECT 1}}\n"}});
    for (const auto& problem : loaded.problems) {
        UNSCOPED_INFO(to_line(problem));
    }
    REQUIRE(loaded.pack != nullptr);
    return loaded.pack;
}

} // namespace

TEST_CASE("packs that claim different things go together", "[packs]")
{
    const auto todo = load(todo_files()).pack;
    CHECK(conflicts_of({{todo, "/packs/todo"}, {other("GET /tasks"), "/packs/notes"}},
                       CodecKind::canonical_json)
              .empty());
    CHECK(chained_types({{todo, ""}}) == std::vector<std::string>{"task"});
    CHECK(conditional_types({{todo, ""}}).empty());
}

TEST_CASE("two claims to one thing name both", "[packs]")
{
    const auto todo = load(todo_files()).pack;
    const auto conflict = [&](const PackPtr& second, const std::string& prefix) {
        const auto all =
            conflicts_of({{todo, prefix}, {second, prefix}}, CodecKind::canonical_json);
        return all.empty() ? std::string{} : all.front();
    };
    CHECK(conflict(other("GET /tasks"), "") ==
          "route GET /tasks is claimed by pack todo and by pack notes");
    CHECK(conflict(other("GET /tasks/{other}/events"), "/x") ==
          "route GET /x/tasks/{}/events is claimed by pack todo and by pack notes");
    CHECK(conflict(other("POST /tasks/{a}/b"), "").empty());
    CHECK(conflict(other("GET /a", "task"), "") ==
          "stream type task is claimed by pack todo and by pack notes");
    CHECK(conflict(other("GET /a", "note", "TaskDone"), "") ==
          "event type TaskDone is claimed by pack todo and by pack notes");
    const auto watchful = load(todo_with("every: 5m", "every: 5m, event: Noted")).pack;
    CHECK(conflicts_of({{watchful, ""}, {other("GET /a"), ""}}, CodecKind::canonical_json).at(0) ==
          "event type Noted is claimed by pack todo and by pack notes");
    CHECK(conflicts_of({{todo, "/a"}, {todo, "/b"}}, CodecKind::canonical_json).size() == 4);
}

TEST_CASE("a need that the ledger does not meet is told", "[packs]")
{
    const auto needy = load(todo_with("summary: Tasks.", "needs: {codec: cbor}")).pack;
    REQUIRE(needy != nullptr);
    CHECK(conflicts_of({{needy, ""}}, CodecKind::deterministic_cbor).empty());
    CHECK(conflicts_of({{needy, ""}}, CodecKind::canonical_json).at(0) ==
          "pack todo needs ledger.codec=cbor, and it is json");
}

TEST_CASE("what a prefix may be", "[packs]")
{
    CHECK(*parse_prefix("/") == "");
    CHECK(*parse_prefix("/packs/deals") == "/packs/deals");
    for (const auto* text : {"", "packs", "/packs/", "//", "/a//b", "/a b", "/{id}", "/a?b"}) {
        INFO(text);
        CHECK(parse_prefix(text).error().code == Errc::malformed);
    }
}

TEST_CASE("an event is kept as its type says, else as its stream type says, else for ever",
          "[packs]")
{
    const auto loaded =
        load({{"pack.yaml", "pack: notes\nversion: 1\n"
                            "streams: {note: {retention: long}, fact: }\n"
                            "retention: {long: 365d, short: 2h}\n"
                            "events: {Noted: {streams: [note, fact]},"
                            " Asked: {streams: [note, fact], retention: short}}\n"}});
    for (const auto& problem : loaded.problems) {
        UNSCOPED_INFO(to_line(problem));
    }
    REQUIRE(loaded.pack != nullptr);
    const RetentionRules rules =
        retention_rules({{loaded.pack, ""}, {load(todo_files()).pack, "/todo"}});
    const auto class_of = [&rules](std::string_view event, std::string_view stream) {
        const auto* const found = rules.class_of(event, stream);
        return found == nullptr ? std::string{"for ever"} : *found;
    };
    CHECK(class_of("Noted", "note") == "notes.long");
    CHECK(class_of("Noted", "fact") == "for ever");
    CHECK(class_of("Asked", "note") == "notes.short");
    CHECK(class_of("Asked", "fact") == "notes.short");
    CHECK(class_of("TaskOpened", "task") == "todo.short");
    CHECK(rules.keep("notes.short") == std::chrono::hours{2});
    CHECK(rules.keep("todo.short") == std::chrono::hours{24 * 30});
    CHECK(rules.keep("short") == std::nullopt);
}
