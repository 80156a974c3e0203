// Queries of the event index against the obvious, slow specification: look at every event.

#include "core/event/canonical_json.hpp"
#include "integration/support/projector_home.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/seed.hpp"

#include <set>
#include <thread>

namespace sealstream::event_index_test {

namespace {

using testing::are_equal;
using testing::has_no_postgres;
using testing::ProjectorHome;
using testing::RunningProjector;

const std::vector<std::string> types{"package.added", "package.removed", "packages.counted",
                                     "deal_opened",   "dealXopened",     "TokensTransferred"};
const std::vector<std::string> labels{"alice", "bob", "O'Hara", "\"; DROP TABLE events; --",
                                      "50%",   "a_b", "a\\b",   "\xc3\x89tienne"};
const std::vector<std::string> words{"kernel",   "Upgrade",           "42",
                                     "lib-foo",  "\xc3\x89T\xc3\x89", "\xd0\x9c\xd0\xb8\xd1\x80",
                                     "quote\"d", "back\\slash",       "x"};

template <class T>
const T& one_of(std::mt19937_64& random, const std::vector<T>& values)
{
    return values[random() % values.size()];
}

bool chance(std::mt19937_64& random, unsigned one_in)
{
    return random() % one_in == 0;
}

std::string random_words(std::mt19937_64& random)
{
    std::string text;
    for (auto left = random() % 4; left > 0; --left) {
        text += one_of(random, words) + (chance(random, 3) ? ", " : " ");
    }
    return text;
}

Draft random_draft(std::mt19937_64& random)
{
    Draft draft = testing::random_event(random).draft;
    draft.type = one_of(random, types);
    draft.source = one_of(random, labels);
    draft.actor = chance(random, 3) ? "" : one_of(random, labels);
    draft.key = chance(random, 2) ? "" : one_of(random, labels);
    draft.time.reset();
    if (chance(random, 2)) {
        draft.time = WallTime{static_cast<std::int64_t>(random() % 2'000) - 1'000};
    }
    draft.meta.clear();
    if (chance(random, 2)) {
        boost::json::object meta{{"category", one_of(random, labels)}};
        draft.meta = to_canonical_json(meta);
    }
    if (!chance(random, 4)) {
        boost::json::object data{{"text", random_words(random)},
                                 {"kernel", {{"deep", {random() % 50, random_words(random)}}}}};
        draft.data = to_canonical_json(data);
    }
    return draft;
}

// Words, the slow way: every leaf of the value, letter by letter.
void spec_add_text(const std::string& text, std::set<std::string>& to)
{
    std::string word;
    const auto end_word = [&] {
        if (!word.empty()) {
            to.insert(word.substr(0, 64));
        }
        word.clear();
    };
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte >= 0x80 || std::isalnum(byte) != 0) {
            word += static_cast<char>(byte < 0x80 ? std::tolower(byte) : byte);
        } else {
            end_word();
        }
    }
    end_word();
}

std::string spec_lower(std::string text)
{
    const std::vector<std::pair<std::string, std::string>> letters{{"\xc3\x89", "\xc3\xa9"},
                                                                   {"\xd0\x9c", "\xd0\xbc"}};
    for (const auto& [upper, lower] : letters) {
        for (auto at = text.find(upper); at != std::string::npos; at = text.find(upper, at)) {
            text.replace(at, upper.size(), lower);
        }
    }
    return text;
}

void spec_words(const boost::json::value& value, std::set<std::string>& to)
{
    if (value.is_object()) {
        for (const auto& member : value.get_object()) {
            spec_words(member.value(), to);
        }
    } else if (value.is_array()) {
        for (const auto& element : value.get_array()) {
            spec_words(element, to);
        }
    } else if (value.is_string()) {
        spec_add_text(spec_lower(std::string{value.get_string()}), to);
    } else if (value.is_number()) {
        spec_add_text(to_canonical_json(value), to);
    }
}

bool spec_type_matches(const std::string& type, const std::vector<std::string>& wanted)
{
    if (wanted.empty()) {
        return true;
    }
    for (const std::string& one : wanted) {
        const bool is_prefix = !one.empty() && one.back() == '*';
        if (is_prefix ? type.starts_with(one.substr(0, one.size() - 1)) : type == one) {
            return true;
        }
    }
    return false;
}

bool spec_matches(const IndexedEvent& indexed, const EventQuery& query)
{
    const Draft& draft = indexed.event.draft;
    const auto is = [](const std::string& wanted, const std::string& actual) {
        return wanted.empty() || wanted == actual;
    };
    std::string category;
    if (!draft.meta.empty()) {
        category = std::string{parse_json(draft.meta)->get_object().at("category").get_string()};
    }
    const WallTime at = draft.time.value_or(indexed.ingested);
    std::set<std::string> found;
    std::set<std::string> wanted;
    spec_words(*parse_json(draft.data), found);
    spec_add_text(spec_lower(query.search), wanted);
    return spec_type_matches(draft.type, query.types) &&
           is(query.stream_type, indexed.event.stream.type) &&
           is(query.stream_id, indexed.event.stream.id) && is(query.source, draft.source) &&
           is(query.actor, draft.actor) && is(query.category, category) &&
           is(query.key, draft.key) && (!query.from_time || at >= *query.from_time) &&
           (!query.to_time || at < *query.to_time) &&
           std::includes(found.begin(), found.end(), wanted.begin(), wanted.end());
}

std::vector<IndexedEvent> spec_query(std::vector<IndexedEvent> events, const EventQuery& query)
{
    if (query.is_descending) {
        std::reverse(events.begin(), events.end());
    }
    std::vector<IndexedEvent> found;
    for (const IndexedEvent& event : events) {
        const bool is_beyond = query.is_descending
                                   ? query.after.value == 0 || event.position < query.after
                                   : event.position > query.after;
        if (is_beyond && found.size() < query.events_max && spec_matches(event, query)) {
            found.push_back(event);
        }
    }
    return found;
}

EventQuery random_query(std::mt19937_64& random, std::uint64_t events)
{
    EventQuery query;
    query.events_max = 1 + random() % 60;
    query.is_descending = chance(random, 3);
    query.after = chance(random, 2) ? Position{} : Position{random() % events};
    for (auto left = chance(random, 2) ? 0U : random() % 3; left > 0; --left) {
        query.types.push_back(chance(random, 3) ? "package.*" : one_of(random, types));
    }
    query.stream_type = chance(random, 3) ? "deal" : "";
    query.stream_id = chance(random, 4) ? std::to_string(random() % 4) : "";
    query.source = chance(random, 4) ? one_of(random, labels) : "";
    query.actor = chance(random, 4) ? one_of(random, labels) : "";
    query.category = chance(random, 4) ? one_of(random, labels) : "";
    query.key = chance(random, 4) ? one_of(random, labels) : "";
    if (chance(random, 4)) {
        query.from_time = WallTime{static_cast<std::int64_t>(random() % 2'000) - 1'000};
    }
    if (chance(random, 4)) {
        query.to_time = WallTime{static_cast<std::int64_t>(random() % 2'000) - 1'000};
    }
    query.search = chance(random, 2) ? random_words(random) : "";
    return query;
}

} // namespace

TEST_CASE("every query answers what looking at every event would", "[event_index]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    auto random = testing::random_generator(71);
    for (std::uint64_t stream = 0; stream < 5; ++stream) {
        std::vector<Draft> drafts;
        for (int count = 0; count < 150; ++count) {
            drafts.push_back(random_draft(random));
        }
        home.append(std::move(drafts),
                    {stream == 4 ? "agent" : "deal", std::to_string(stream % 4)});
    }
    RunningProjector projector{home};
    REQUIRE(projector.wait_until_folded(Position{750}));
    projector.stop();
    const auto all = home.expected_events();

    std::size_t hits = 0;
    for (int round = 0; round < 500; ++round) {
        const EventQuery query = random_query(random, all.size());
        const auto found = home.run(home.index.query(query));
        INFO("round " << round << ", search \"" << query.search << "\"");
        REQUIRE(found);
        const auto expected = spec_query(all, query);
        REQUIRE(are_equal(*found, expected));
        hits += expected.size();
    }
    CHECK(hits > 500); // the random queries do find things
}

TEST_CASE("text that looks like SQL is only text", "[event_index]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    auto random = testing::random_generator(72);
    home.append_random(random, 20);
    RunningProjector projector{home};
    REQUIRE(projector.wait_until_folded(Position{20}));
    projector.stop();
    const std::string hostile = "x'; DROP SCHEMA main_event_index CASCADE; --";

    for (std::size_t field = 0; field < 8; ++field) {
        EventQuery query;
        std::string* const fields[] = {&query.stream_type, &query.source, &query.actor,
                                       &query.category,    &query.key,    &query.search,
                                       &query.stream_id,   nullptr};
        if (fields[field] == nullptr) {
            query.types = {hostile, hostile + "*", "{},\"NULL\"", "*"};
        } else {
            *fields[field] = hostile;
            query.stream_type = fields[field] == &query.stream_id ? "deal" : query.stream_type;
        }
        const auto found = home.run(home.index.query(query));
        REQUIRE(found);
        CHECK(found->size() == (fields[field] == nullptr ? 20U : 0U)); // "*" is every type
    }
    CHECK(home.indexed_events().size() == 20);
}

TEST_CASE("queries that can not be answered say why", "[event_index]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    EventQuery with_nul;
    with_nul.actor = std::string{"a\0b", 3};
    EventQuery endless;
    endless.types.assign(query_types_max + 1, "a");

    for (const EventQuery& query : {with_nul, endless}) {
        const auto refused = home.run(home.index.query(query));
        REQUIRE(!refused);
        CHECK(refused.error().code == Errc::malformed);
    }
}

TEST_CASE("before the first fold the index says that it is missing", "[event_index]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;

    CHECK(home.run(home.index.query({})).error().code == Errc::projection_missing);
    CHECK(home.run(home.index.cursor())->value == 0);
    CHECK(home.run(home.index.find(EventId{})).error().code == Errc::projection_missing);
}

TEST_CASE("tables that are made while somebody asks for them are read", "[event_index]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    home.append({testing::sample_draft(1)});
    RunningProjector projector{home};
    REQUIRE(projector.wait_until_folded(Position{1}));
    projector.stop();
    const EventId id = home.expected_events().front().event.draft.id;
    const auto maker = home.pool.lend();
    REQUIRE(maker);
    REQUIRE((*maker)->run_script("ALTER SCHEMA main_event_index RENAME TO not_made"));
    // Who has found no tables looks at the cursor, and waits for the maker of both.
    REQUIRE((*maker)->run_script("BEGIN; LOCK TABLE sealstream.projections;"
                                 "ALTER SCHEMA not_made RENAME TO main_event_index"));
    bool is_made = false;
    std::thread committer{[&] {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{60};
        while (home.value("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0" &&
               std::chrono::steady_clock::now() < until) {
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
        is_made = (*maker)->run_script("COMMIT").has_value();
    }};

    const auto found = home.run(home.index.find(id));
    committer.join();

    CHECK(is_made);
    INFO((found ? std::string{} : describe(found.error())));
    CHECK(found.has_value());
}

TEST_CASE("an event is found by its id", "[event_index]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    auto random = testing::random_generator(73);
    home.append_random(random, 50);
    RunningProjector projector{home};
    REQUIRE(projector.wait_until_folded(Position{50}));
    projector.stop();

    for (const IndexedEvent& expected : home.expected_events()) {
        const auto found = home.run(home.index.find(expected.event.draft.id));
        REQUIRE(found);
        CHECK(are_equal({*found}, {expected}));
    }
    CHECK(home.run(home.index.find(EventId{})).error().code == Errc::not_found);
}

TEST_CASE("NUL characters and huge numbers come back exactly, and their neighbours can be found",
          "[event_index]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    Draft draft = testing::sample_draft(1);
    draft.data = R"({"a\u0000b":"x\u0000hidden y","n":1e+21,"s":"\\u0000 stays"})";
    draft.meta = R"({"category":"c\u0000d"})";
    home.append({draft});
    RunningProjector projector{home};
    REQUIRE(projector.wait_until_folded(Position{1}));
    projector.stop();

    EventQuery query;
    query.search = "hidden stays";
    const auto found = home.run(home.index.query(query));

    REQUIRE(found);
    REQUIRE(found->size() == 1);
    CHECK(found->front().event.draft.data == draft.data);
    CHECK(found->front().event.draft.meta == draft.meta);
    CHECK(home.value("SELECT data->>'s' FROM main_event_index.events") == "\\u0000 stays");
    CHECK(home.value("SELECT category FROM main_event_index.events") == "c\xef\xbf\xbd"
                                                                        "d");
}

TEST_CASE("an id that is in the log twice is indexed once, at its first position", "[event_index]")
{
    if (has_no_postgres()) {
        return;
    }
    ProjectorHome home;
    home.append({testing::sample_draft(1), testing::sample_draft(2)});
    const auto first = home.expected_events().front();
    auto records = home.run(home.log.read_from(Position{}, ReadLimits{}));
    home.log.replace_record(Position{2},
                            records->front().record); // as after a lost duplicate window
    RunningProjector projector{home};
    REQUIRE(projector.wait_until_folded(Position{2}));
    projector.stop();

    CHECK(are_equal(home.indexed_events(), {first}));
}

} // namespace sealstream::event_index_test
