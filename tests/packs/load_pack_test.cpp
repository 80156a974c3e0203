#include "tests/packs/pack_world.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/source_files.hpp"

#include <regex>

using namespace sealstream;
using namespace sealstream::testing;

namespace {

std::string lines(const LoadedPack& loaded)
{
    std::string all;
    for (const auto& problem : loaded.problems) {
        all += to_line(problem) + "\n";
    }
    return all;
}

} // namespace

TEST_CASE("a good pack is read as it is written", "[packs]")
{
    const auto loaded = load(todo_files());
    INFO(lines(loaded));
    REQUIRE(loaded.pack != nullptr);
    const Pack& pack = *loaded.pack;
    CHECK(pack.name == "todo");
    CHECK(pack.version == 3);
    CHECK(pack.digest.size() == 64);
    REQUIRE(pack.stream_type("task") != nullptr);
    CHECK(pack.stream_type("task")->is_chained);
    CHECK(pack.retention_classes.at(0).keep == std::chrono::hours{24 * 30});
    const auto* opened = pack.event_type("TaskOpened");
    REQUIRE(opened != nullptr);
    CHECK(opened->streams == std::vector<std::string>{"task"});
    CHECK(opened->redactions.at(0).pointer == "/data/password");
    CHECK(opened->emission->stream_types == std::vector<std::string>{"task"});
    CHECK(opened->upcasts.at(0).data == "data || '{}'");
    CHECK(pack.event_type("Nothing") == nullptr);
    CHECK(pack.projections.at(0).version == 4);
    CHECK(pack.projections.at(0).apply_sql ==
          "INSERT INTO task SELECT stream_id, data->>'title' FROM batch");
    CHECK(pack.guards.at(0).sql.parameters == std::vector<std::string>{"stream_id"});
    const auto& tasks = pack.queries.at(0);
    CHECK(tasks.sql.parameters == std::vector<std::string>{"owner", "after_id", "limit"});
    CHECK(tasks.paging->limit == 5);
    CHECK(pack.queries.at(1).parameters.at(0).is_in_path);
    CHECK(pack.queries.at(1).source == QuerySource::stream_events);
    CHECK(pack.commands.at(0).events.at(0).expected == CommandCondition::absent);
    CHECK(pack.commands.at(1).events.at(0).expected == CommandCondition::version);
    CHECK(pack.commands.at(0).status == 202);
    CHECK(pack.invariants.at(0).every == std::chrono::minutes{5});
    CHECK(pack.schedules.at(0).sql.parameters == std::vector<std::string>{"now"});
}

TEST_CASE("a breach that lasts is told once, unless the pack says otherwise", "[packs]")
{
    const auto once = load(todo_files()).pack->invariants.at(0);
    CHECK(once.repeat.count() == 0);
    CHECK_FALSE(once.repeats_changed);
    CHECK(once.breach_type.empty());

    const auto again = load(todo_with("every: 5m", "every: 1m, repeat: 5m, repeat_changed: true, "
                                                   "event: SupplyInvariantBreach"))
                           .pack->invariants.at(0);
    CHECK(again.repeat == std::chrono::minutes{5});
    CHECK(again.repeats_changed);
    CHECK(again.breach_type == "SupplyInvariantBreach");
}

TEST_CASE("one wrong thing is told with its place, and what would be right", "[packs]")
{
    struct Case {
        std::string text, other, line;
    };
    const auto wrong = GENERATE(
        Case{"pack: todo", "pack: To-Do", "pack.yaml:1:7: is no name of a pack"},
        Case{"summary: Tasks.", "sumary: Tasks.",
             "pack.yaml:3:1: unknown key sumary in the pack; did you mean summary?"},
        Case{"version: 3", "version: 0", "pack.yaml:2:10: must be a whole number"},
        Case{"version: 3", "version: 3\nversion: 4", "pack.yaml:3:1: version stands here twice"},
        Case{"retention: short}", "retention: shrt}",
             "pack.yaml:5:34: there is no retention class shrt"},
        Case{"short: 30d", "short: 30 days", "pack.yaml:6:20: must be a duration"},
        Case{"short: 30d", "short: 999ms",
             "pack.yaml:6:20: a retention class keeps payloads for at least a second"},
        Case{"chain: true", "chain: yes", "pack.yaml:5:17: must be true or false"},
        Case{"task: {chain", "Task: {chain", "pack.yaml:5:3: Task is no name of a stream type"},
        Case{"task: {chain: true", "task: {addressing: buckets",
             "must be one of stream, bucket; did you mean bucket?"},
        Case{"maxLength: 20", "maxLenth: 20", "no schema that can be kept"},
        Case{"{data: {title: Tea}}", "{data: {title: 5}}", "this example of TaskOpened is not"},
        Case{"{data: {title: Tea}}", "{dta: {title: Tea}}", "example has no data"},
        Case{"version: 2", "version: 3", "the last upcast leads to version 2, the event is at 3"},
        Case{"from: 1, data", "from: 1, dat", "upcast has no data"},
        Case{"schemas/done.json", "schemas/dne.json",
             "there is no file schemas/dne.json; did you mean schemas/done.json?"},
        Case{"tables: tables.sql, ", "", "projection todo has no tables"},
        Case{"apply: apply.sql", "apply: apply.sql, rows: apply.sql", "needs one fold"},
        Case{"events: [TaskDone], sql", "events: [TaskDon], sql", "there is no event TaskDon"},
        Case{"id = :stream_id", "id = :stream", "there is no value :stream"},
        Case{"GET /tasks\n", "FETCH /tasks\n", "must be a method and a path"},
        Case{"GET /tasks\n", "GET tasks\n", "is no path"},
        Case{"GET /tasks\n", "GET /ta sks\n", "is no path"},
        Case{"GET /tasks\n", "GET /tasks/{a}/{a}\n", "{a} stands here twice"},
        Case{"type: text, max: 9", "type: txt", "did you mean text?"},
        Case{"owner: {", "limit: {", "limit is a name of the engine's own"},
        Case{"LIMIT :limit", "", "pages need LIMIT :limit"},
        Case{"id > :after_id", "id > :after", "pack.yaml:32:37: there is no value :after"},
        Case{"shape: list", "shape: object", "only a list has pages"},
        Case{"from: stream_events", "from: streams", "must be one of sql, events"},
        Case{"task/{path.id}\"}\ncom", "task/{path.key}\"}\ncom", "there is no {path.key}"},
        Case{"{row.id}", "{roww.id}", "did you mean row?"},
        Case{"{row.id}", "{row.id", "a { without its }"},
        Case{"type: TaskOpened, stream", "type: TaskOpen, stream", "there is no event TaskOpen"},
        Case{"task/{uuid}", "tasks/{uuid}", "must be a stream type of this pack"},
        Case{"expected: absent", "expected: absnt", "did you mean absent?"},
        Case{"{query.version|0}", "{query.vrsion|0}", "declare vrsion in parameters"},
        Case{"POST /tasks/{id}/done", "POST /tasks", "this route belongs to commands.open"},
        Case{"every: 5m", "every: 1ms", "is too often"},
        Case{"every: 5m", "every: 5m, event: TaskDone", "TaskDone is an event of the pack"},
        Case{"every: 5m", "every: 5m, event: 'no type'", "no type is no event type"},
        Case{"every: 5m", "every: 5m, repeat: often", "must be a duration"},
        Case{"every: 5m", "every: 5m, repeated: true", "unknown key repeated"},
        Case{"http: {url", "http: {rl", "http has no url"},
        Case{"sql: SELECT 1 FROM", "sql: DELETE FROM", "a statement may not begin with DELETE"},
        Case{"streams:\n", "strems:\n", "the pack has no streams"});
    const auto loaded = load(todo_with(wrong.text, wrong.other));
    INFO(wrong.other << "\n" << lines(loaded));
    CHECK(loaded.pack == nullptr);
    CHECK(lines(loaded).find(wrong.line) != std::string::npos);
}

TEST_CASE("all that is wrong is told at once, in the order of the files", "[packs]")
{
    auto files = todo_with("summary: Tasks.", "sumary: Tasks.");
    files["apply.sql"] = "COMMIT;";
    files["extra.sql"] = "SELECT 1";
    files.erase("tables.sql");
    const auto loaded = load(files);
    const std::string all = lines(loaded);
    INFO(all);
    REQUIRE(loaded.problems.size() == 5);
    CHECK(loaded.problems[0].file == "apply.sql");
    CHECK(loaded.problems[2].message == "nothing in pack.yaml names this file");
    CHECK(loaded.problems[3].file == "pack.yaml");
    CHECK(all.find("there is no file tables.sql") != std::string::npos);
}

TEST_CASE("text that is no YAML, or too clever, is refused", "[packs]")
{
    for (const auto* text :
         {"pack: [", "pack: 'open", "\tpack: x", "a: &x 1\nb: *x", "pack: !!str x", "- a", "", "~",
          "pack: x\n---\npack: y", "? [a]\n: b"}) {
        INFO(text);
        CHECK(load({{"pack.yaml", text}}).pack == nullptr);
    }
    CHECK(load({}).problems.at(0).message == "there is no such file");
    std::string deep = "a: ";
    for (int depth = 0; depth < 100; ++depth) {
        deep += "[";
    }
    CHECK(load({{"pack.yaml", deep}}).pack == nullptr);
}

TEST_CASE("the digest is of every byte of every file", "[packs]")
{
    const auto one = load(todo_files()).pack;
    auto files = todo_files();
    files["apply.sql"] += "\n";
    const auto other = load(files).pack;
    REQUIRE(one != nullptr);
    REQUIRE(other != nullptr);
    CHECK(one->digest != other->digest);
    CHECK(one->digest == load(todo_files()).pack->digest);
}

TEST_CASE("the form that the documentation shows is a good pack", "[packs]")
{
    const std::string page = read_source_file("docs/packs.md");
    const std::size_t begin = page.find("```yaml\npack:") + 8;
    const std::string yaml = page.substr(begin, page.find("```\n", begin) - begin);
    const auto loaded =
        load({{"pack.yaml", yaml},
              {"tables.sql", "CREATE TABLE task (id text)"},
              {"indexes.sql", "CREATE INDEX ON task (id)"},
              {"apply.sql", "INSERT INTO task SELECT stream_id FROM batch"},
              {"guards/done_once.sql", "SELECT 0 AS version, NULL AS violation"},
              {"schedules/remind.sql", "SELECT 'TaskDone' AS type, id AS stream_id FROM task"}});
    INFO(lines(loaded));
    CHECK(loaded.pack != nullptr);
}
