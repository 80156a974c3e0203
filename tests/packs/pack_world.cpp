#include "tests/packs/pack_world.hpp"

#include "tests/support/catch.hpp"

namespace sealstream::testing {

namespace {

constexpr const char* todo = R"(pack: todo
version: 3
summary: Tasks.
streams:
  task: {chain: true, retention: short}
retention: {short: 30d}
events:
  TaskOpened:
    category: task
    version: 2
    schema:
      type: object
      properties: {title: {type: string, maxLength: 20}}
      required: [title]
    redact: [/data/password]
    emit: {sources: ["todo-*"]}
    upcasts: [{from: 1, data: "data || '{}'"}]
    examples: [{data: {title: Tea}}]
  TaskDone:
    schema: schemas/done.json
projections:
  todo: {tables: tables.sql, apply: apply.sql, version: 4}
guards:
  once: {events: [TaskDone], sql: "SELECT 0 AS version, NULL AS violation FROM task WHERE id = :stream_id"}
queries:
  tasks:
    route: GET /tasks
    parameters:
      owner: {type: text, max: 9}
    sql: |
      SELECT id, title FROM task
      WHERE :owner IS NULL AND id > :after_id
      LIMIT :limit
    page: {key: {id: text}, limit: 5}
    response: {shape: list, row: {id: "{row.id}"}, body: {tasks: "{rows}"}}
  task_events:
    route: GET /tasks/{id}/events
    from: stream_events
    with: {stream: "task/{path.id}"}
commands:
  open:
    route: POST /tasks
    body: {type: object, properties: {title: {type: string}}}
    events:
      - {type: TaskOpened, stream: "task/{uuid}", data: {title: "{body.title}"}, expected: absent}
    response: {status: 202, body: {id: "{event.stream_id}"}}
  finish:
    route: POST /tasks/{id}/done
    events: [{type: TaskDone, stream: "task/{path.id}", data: {}, expected: "{query.version|0}"}]
    parameters: {version: {type: integer}}
invariants:
  titles: {summary: All have titles., sql: SELECT 1 FROM task WHERE title IS NULL, every: 5m, severity: warn}
reactors:
  tell: {events: [TaskDone], http: {url: "https://x/{event.id}"}}
schedules:
  nag: {every: 1h, sql: "SELECT 'TaskDone' AS type, id AS stream_id, '{}'::jsonb AS data FROM task WHERE :now > '2020-01-01'"}
)";

} // namespace

PackFiles todo_files()
{
    return {{"pack.yaml", todo},
            {"tables.sql", "CREATE TABLE task (id text, title text);"},
            {"apply.sql", "INSERT INTO task SELECT stream_id, data->>'title' FROM batch;"},
            {"schemas/done.json", "{\"type\": \"object\"}"}};
}

PackFiles todo_with(const std::string& text, const std::string& other)
{
    auto files = todo_files();
    std::string& yaml = files["pack.yaml"];
    const std::size_t at = yaml.find(text);
    REQUIRE(at != std::string::npos);
    yaml.replace(at, text.size(), other);
    return files;
}

} // namespace sealstream::testing
