#include "integration/support/pack_world.hpp"

#include <boost/json/parse.hpp>

namespace sealstream::testing {

namespace {

namespace json = boost::json;

JsonTemplate made(std::string_view text)
{
    auto parsed = JsonTemplate::parse(json::parse(text));
    SEAL_CHECK(parsed.has_value(), "templates of tests are templates");
    return *std::move(parsed);
}

PackParameter parameter(std::string name, ParameterType type)
{
    PackParameter made;
    made.name = std::move(name);
    made.type = type;
    return made;
}

PackParameter of_path(std::string name, ParameterType type = ParameterType::text)
{
    auto made = parameter(std::move(name), type);
    made.is_in_path = true;
    made.is_required = true;
    return made;
}

PackEventType event_type(std::string name)
{
    PackEventType made;
    made.name = std::move(name);
    made.streams = {"deal"};
    return made;
}

PackQuery list_deals()
{
    PackQuery query;
    query.name = "list_deals";
    query.route = "/deals";
    auto state = parameter("state", ParameterType::text);
    state.choices = {"draft", "review", "approved", "closed"};
    query.parameters = {state};
    query.sql = {"SELECT id, state, position FROM deals WHERE ($1::text IS NULL OR state = $1)"
                 " AND ($2::bigint IS NULL OR position > $2::bigint) ORDER BY position"
                 " LIMIT $3::bigint",
                 {"state", "after_position", "limit"}};
    query.paging = PackPaging{{{"position", ParameterType::position}}, 10, 100};
    query.row = made(R"({"id":"{row.id}","state":"{row.state}"})");
    query.body = made(R"({"deals":"{rows}","more":"{next}"})");
    return query;
}

PackQuery get_deal()
{
    PackQuery query;
    query.name = "get_deal";
    query.route = "/deals/{id}";
    query.parameters = {of_path("id")};
    query.sql = {"SELECT id, state, approvals, version::text FROM deals WHERE id = $1::text",
                 {"id"}};
    query.shape = ResponseShape::object;
    return query;
}

PackQuery count_deals()
{
    PackQuery query;
    query.name = "count_deals";
    query.route = "/deals/count";
    query.sql = {"SELECT json_build_object('total', count(*), 'states',"
                 " (SELECT json_object_agg(state, n) FROM"
                 " (SELECT state, count(*) AS n FROM deals GROUP BY state ORDER BY state) AS s))"
                 " FROM deals",
                 {}};
    query.shape = ResponseShape::scalar;
    return query;
}

// Gives every parameter back as SQL has got it.
PackQuery echo()
{
    using enum ParameterType;
    PackQuery query;
    query.name = "echo";
    query.route = "/echo";
    auto words = parameter("words", text);
    words.is_list = true;
    auto numbers = parameter("numbers", integer);
    numbers.is_list = true;
    auto small = parameter("small", integer);
    small.least = 1;
    small.most = 10;
    small.fallback = "5";
    query.parameters = {parameter("text", text),
                        parameter("integer", integer),
                        parameter("number", number),
                        parameter("flag", boolean),
                        parameter("at", time),
                        parameter("id", uuid),
                        parameter("data", json),
                        parameter("position", position),
                        words,
                        numbers,
                        small};
    query.sql = {"SELECT $1::text AS text, $2::bigint AS integer, $3::numeric AS number,"
                 " $4::boolean AS flag, $5::timestamptz AS at, $6::uuid AS id, $7::jsonb AS data,"
                 " $8::bigint AS position, $9::text[] AS words, $10::bigint[] AS numbers,"
                 " $11::bigint AS small",
                 {"text", "integer", "number", "flag", "at", "id", "data", "position", "words",
                  "numbers", "small"}};
    query.shape = ResponseShape::object;
    return query;
}

PackQuery of_sql(std::string name, std::string sql, ResponseShape shape = ResponseShape::list)
{
    PackQuery query;
    query.route = "/" + name;
    query.name = std::move(name);
    query.sql = {std::move(sql), {}};
    query.shape = shape;
    return query;
}

PackCommand open_deal()
{
    PackCommand command;
    command.name = "open_deal";
    command.route = "/deals";
    command.body_schema = json::parse(
        R"({"type":"object","required":["title"],"additionalProperties":false,
            "properties":{"title":{"type":"string","maxLength":40},"amount":{"type":"number"}}})");
    CommandEvent event;
    event.type = made(R"("DealOpened")");
    event.stream = made(R"("deal/{uuid}")");
    event.data = made(R"({"title":"{body.title}","amount":"{body.amount|null}"})");
    event.expected = CommandCondition::absent;
    command.events.push_back(std::move(event));
    command.response =
        made(R"({"id":"{event.stream_id}","at":"{event.position}","title":"{event.data.title}"})");
    return command;
}

PackCommand approve_deal()
{
    PackCommand command;
    command.name = "approve_deal";
    command.route = "/deals/{id}/approval";
    command.method = PackMethod::put;
    command.parameters = {of_path("id")};
    CommandEvent event;
    event.type = made(R"("DealApproved")");
    event.stream = made(R"("deal/{path.id}")");
    event.data = made(R"({})");
    event.expected = CommandCondition::exists;
    command.events.push_back(std::move(event));
    command.status = 200;
    return command;
}

// A deal is approved once two have agreed since it came under review, and closed once approved.
PackGuard transitions()
{
    PackGuard guard;
    guard.name = "transitions";
    guard.event_types = {"DealOpened", "DealApproved", "DealClosed"};
    guard.sql = {
        "SELECT coalesce(d.version, 0) AS version, CASE"
        " WHEN $2::text = 'DealOpened' AND d.id IS NULL THEN NULL"
        " WHEN $2::text = 'DealApproved' AND d.state = 'review' AND d.approvals >= 2 THEN NULL"
        " WHEN $2::text = 'DealClosed' AND d.state = 'approved' THEN NULL"
        " ELSE jsonb_build_object('code', 'illegal_transition', 'message',"
        "  'The deal is ' || coalesce(d.state, 'unknown') || '.', 'approvals', d.approvals)"
        " END AS violation"
        " FROM (SELECT 1) AS one LEFT JOIN deals AS d ON d.id = $1::text",
        {"stream_id", "type"}};
    return guard;
}

constexpr const char* tables = R"(
CREATE TABLE deals (
    id text PRIMARY KEY, state text NOT NULL, approvals bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL, position bigint NOT NULL);
)";

// One event at a time: the state machine, as plainly as it can be said.
constexpr const char* each = R"(
INSERT INTO deals (id, state, version, position)
VALUES (e.stream_id, 'review', e.version, e.position)
ON CONFLICT (id) DO UPDATE SET version = e.version,
    approvals = deals.approvals + (e.type = 'ApprovalGranted')::int,
    state = CASE e.type WHEN 'DealApproved' THEN 'approved' WHEN 'DealClosed' THEN 'closed'
                        ELSE deals.state END;
)";

} // namespace

Pack deal_pack()
{
    Pack pack;
    pack.name = "deals";
    pack.digest = "0123456789abcdef";
    pack.stream_types.push_back({"deal"});
    for (const auto* type : {"DealOpened", "ApprovalGranted", "DealApproved", "DealClosed"}) {
        pack.event_types.push_back(event_type(type));
    }
    pack.projections.push_back({"deals"});
    pack.guards.push_back(transitions());
    pack.queries = {list_deals(), get_deal(), count_deals(), echo()};
    pack.queries.push_back(of_sql("many", "SELECT n FROM generate_series(1, 5000) AS n"));
    pack.queries.push_back(
        of_sql("large", "SELECT repeat('x', 1000000) AS x FROM generate_series(1, 20) AS n"));
    pack.queries.push_back(of_sql("slow", "SELECT pg_sleep(60)::text AS x"));
    pack.queries.push_back(of_sql(
        "escape", "SELECT set_config('role', 'none', false), ledger FROM sealstream.projections"));
    pack.queries.push_back(
        of_sql("set_role", "SELECT set_config('role', 'none', false) AS x", ResponseShape::scalar));
    pack.queries.push_back(of_sql("whoami", "SELECT current_user::text AS x, pg_advisory_lock(1)",
                                  ResponseShape::scalar));
    pack.commands = {open_deal(), approve_deal()};
    return pack;
}

Projection deal_projection()
{
    Projection projection{"deals", tables, "", each};
    projection.pack = "deals";
    projection.form = FoldForm::rows;
    projection.follows = {"deal"};
    return projection;
}

Task<Result<PackRows>> SlowPackReader::read(PackQuestion question)
{
    co_await stop_.sleep_for(delay);
    auto rows = co_await real_.read(std::move(question));
    if (const auto next = std::exchange(after_read, {})) {
        auto task = next();
        co_await std::move(task);
    }
    co_await stop_.sleep_for(delay);
    co_return rows;
}

Task<Result<Position>> SlowPackReader::cursor()
{
    return real_.cursor();
}

PackWorld::PackWorld(Pack pack, std::string prefix, http::Limits limits, MemoryLogOptions log)
    : http{limits, FeedHubOptions{}, std::move(log)},
      real{{"main", "deals", {"deals"}}, pool, threads}
{
    auto shared = std::make_shared<const Pack>(std::move(pack));
    auto served = http::ServedPacks::make({{{std::move(shared), std::move(prefix)}, &slow, &watch}},
                                          http.metrics);
    SEAL_CHECK(served.has_value(), "the pack of the tests can be served");
    http.services.packs = *std::move(served);
    http.services.stream_turns = &turns;
    start_projector();
    wait_for_tables();
}

void PackWorld::wait_for_tables()
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    PackQuestion question;
    question.sql = "SELECT 1";
    while (!run_task(http.context, real.read(question))) {
        SEAL_CHECK(std::chrono::steady_clock::now() < deadline, "the projector makes the tables");
        run_task(http.context, slow_stop.sleep_for(std::chrono::milliseconds{10}));
    }
}

PastStates& PackWorld::past()
{
    if (past_ == nullptr) {
        past_ =
            std::make_unique<PastStates>(http.log, pool, threads, http.rules_clock, http.stop_wish,
                                         http.tasks, projector_metrics, nullptr, past_options);
        real.use_past(*past_);
    }
    return *past_;
}

PackWorld::~PackWorld()
{
    stop_projector();
    http.stop();
    threads.join(); // they give back what they hold of http's context, which ends before they do
}

Task<void> PackWorld::project()
{
    ProjectorOptions options;
    options.batch_wait = std::chrono::milliseconds{20};
    Projector projector{http.log, pool,    threads,           http.rules_clock,
                        *stop_,   options, projector_metrics, {deal_projection()}};
    co_await projector.run();
    is_projecting_ = false;
}

void PackWorld::start_projector()
{
    stop_ = std::make_unique<Stop>(http.context.get_executor());
    is_projecting_ = true;
    http.tasks.spawn("projector", project());
}

void PackWorld::stop_projector()
{
    if (!is_projecting_) {
        return;
    }
    stop_->request();
    http.context.restart();
    while (is_projecting_ && http.context.run_one() != 0) {
    }
}

void PackWorld::fold()
{
    const auto head = run_task(http.context, http.log.head());
    const auto reached = run_task(http.context, watch.reach(*head, std::chrono::seconds{20}));
    SEAL_CHECK(reached && *reached >= *head, "the projector folds what is in the log");
}

} // namespace sealstream::testing
