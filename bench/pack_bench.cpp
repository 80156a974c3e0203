// The packs that come along: how fast each is folded and rebuilt beside a bare COPY of the same
// events into one table with a primary key, in transactions of the same size, in the same Postgres;
// and how long its queries take. One JSON object a line.
//
//   pack_bench [--events N] [--before N] [--streams N,N] [--packs NAME,NAME] [--folder
//   config/packs]
//
// --before: so many events are folded before the ones that are measured; a rebuild takes all.

#include "bench/fold_world.hpp"
#include "config/pack_folder.hpp"
#include "core/base/log.hpp"
#include "projections/pack_projections.hpp"
#include "projections/postgres_pack_reader.hpp"
#include "tests/support/memory_event_log.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>

namespace {

using namespace sealstream;
using namespace sealstream::testing;
using Steady = std::chrono::steady_clock;

constexpr std::size_t append_events = 500;
constexpr std::size_t asked_times = 300;

struct Wish {
    std::size_t events{200'000};
    std::size_t before{0};
    std::vector<std::size_t> streams{10, 1'000'000};
    std::vector<std::string> packs{"deals", "kernel", "ops", "registry"};
    std::string folder{"config/packs"};
};

struct Sample {
    StreamName stream;
    std::string type;
    std::string data;
};

std::string text(std::uint64_t number)
{
    constexpr std::array<const char*, 8> words{"invoice", "paid",   "shipping", "delayed",
                                               "refund",  "issued", "customer", "support"};
    std::string made;
    for (std::uint64_t at = 0; at < 12; ++at) {
        made.append(made.empty() ? "" : " ").append(words[(number >> at) % 8]);
    }
    return made;
}

// What happens as the `number`th thing in one of `streams` streams: about 256 bytes a record.
Sample deals_sample(std::uint64_t number, std::size_t streams)
{
    const std::string deal = std::to_string(number % streams);
    const std::string some = std::to_string(number / streams % 20);
    switch (number / streams % 4) {
    case 0:
        return {{"deal", deal},
                "MaterialRecorded",
                R"({"artifactId":"artifact-)" + some + R"(","note":")" + text(number) +
                    R"(","truthLevel":"DOC","type":"WireConfirmation"})"};
    case 1:
        return {{"deal", deal},
                "ApprovalGranted",
                R"({"action":"FINALIZE_CLOSING","comment":")" + text(number) + "\"}"};
    case 2:
        return {{"deal", deal},
                number % 3 == 0 ? "FreezeImposed" : "FreezeLifted",
                R"({"reason":")" + text(number) + "\"}"};
    default:
        return {{"deal", deal}, "DataDisputed", R"({"reason":")" + text(number) + "\"}"};
    }
}

Sample kernel_sample(std::uint64_t number, std::size_t streams)
{
    const std::string task = std::to_string(number % streams);
    switch (number / streams % 4) {
    case 0:
        return {{"task", task},
                "task.created",
                R"({"labels":["garden"],"priority":"high","project":"p-)" +
                    std::to_string(number % 10) + R"(","title":")" + text(number) + "\"}"};
    case 1:
        return {{"task", task},
                "task.assigned",
                R"({"assignee":"user-)" + std::to_string(number % 50) + R"(","session":"s-1"})"};
    case 2:
        return {{"task", task}, "task.blocked", R"({"reason":")" + text(number) + "\"}"};
    default:
        return {{"task", task}, "task.updated", R"({"description":")" + text(number) + "\"}"};
    }
}

Sample ops_sample(std::uint64_t number, std::size_t)
{
    constexpr std::array<const char*, 3> types{"ops.service", "ops.security", "ops.user"};
    return {{"ops", "main"},
            types[number % types.size()],
            R"({"action":"container_started","data":{"note":")" + text(number) +
                R"("},"error":null,"result":"success","target":"host-)" +
                std::to_string(number % 100) + "\"}"};
}

// Subjects are UUIDs.
std::string subject(std::uint64_t number)
{
    std::string digits = std::to_string(number);
    digits.insert(0, 12 - digits.size(), '0');
    return "00000000-0000-4000-8000-" + digits;
}

Sample registry_sample(std::uint64_t number, std::size_t streams)
{
    const std::string id = subject(number % streams);
    switch (number / streams % 4) {
    case 0:
        return {{"package", id},
                "v1.package.created",
                R"({"format":"deb","metadata":{"description":")" + text(number) +
                    R"("},"name":"package-)" + id + R"(","version":"1.0"})"};
    case 1:
        return {{"file", id},
                "v1.file.ingested",
                R"({"digest":")" + std::string(64, 'a') + R"(","package_id":")" + id +
                    R"(","path":"pool/)" + id + R"(","size_bytes":)" + std::to_string(number) +
                    "}"};
    case 2:
        return {{"file", id},
                "v1.file.placed",
                R"({"key":"pool/)" + id + R"(","storage_id":"storage-1"})"};
    default:
        return {{"retention", id},
                "v1.retention.set",
                R"({"policy":"release","until":"2031-05-15T00:00:00Z"})"};
    }
}

// A pack, what happens in it, and the questions that are timed.
struct Asked {
    std::string query;
    std::map<std::string, std::string> values;
};
struct Case {
    Sample (*sample)(std::uint64_t, std::size_t);
    std::vector<Asked> asked;
};

const std::map<std::string, Case>& cases()
{
    static const std::map<std::string, Case> all{
        {"deals",
         {deals_sample,
          {{"deal", {{"dealId", "7"}}}, {"deals", {{"stressMode", "SM-3"}, {"limit", "51"}}}}}},
        {"kernel",
         {kernel_sample,
          {{"tasks", {{"state", "blocked"}, {"limit", "51"}}},
           {"search", {{"q", "refund issued"}, {"limit", "51"}}},
           {"dashboard", {}}}}},
        {"ops",
         {ops_sample, {{"events", {{"category", "security"}, {"limit", "101"}}}, {"status", {}}}}},
        {"registry",
         {registry_sample,
          {{"package", {{"id", subject(7)}}},
           {"packages", {{"q", "refund issued"}, {"limit", "51"}}}}}},
    };
    return all;
}

struct Bench {
    FoldWorld world;
    Wish wish;
    std::size_t ledgers{0};

    void fill(MemoryEventLog& log, const Case& what, std::size_t streams, std::size_t from,
              std::size_t to)
    {
        EventIdSource ids{world.clock};
        for (std::size_t number = from; number < to;) {
            std::map<StreamName, std::vector<Draft>> drafts;
            for (std::size_t count = 0; count < append_events && number < to; ++count, ++number) {
                Sample sample = what.sample(number, streams);
                Draft draft;
                draft.id = ids.next();
                draft.type = std::move(sample.type);
                draft.source = "bench";
                draft.actor = "user:" + std::to_string(number % 1000);
                draft.data = std::move(sample.data);
                drafts[sample.stream].push_back(std::move(draft));
            }
            std::vector<StreamAppend> appends;
            for (auto& [stream, some] : drafts) {
                appends.push_back({stream, Expected{}, std::move(some)});
            }
            SEAL_CHECK(world.home.run(log.append(std::move(appends))).has_value(), "valid events");
        }
    }

    // The events themselves, encoded beforehand: what every fold has to bring in.
    double bare_copy(MemoryEventLog& log)
    {
        std::vector<Bytes> batches;
        std::size_t events = 0;
        Position after{wish.before};
        while (true) {
            const ReadLimits limits{bench_batch_events, 64 << 20};
            auto records = world.home.run(log.read_from(after, limits));
            if (records->empty()) {
                break;
            }
            after = records->back().position;
            events += records->size();
            SkipRules rules;
            auto batch = encode_batch(*records, rules);
            batches.push_back(to_bytes(batch.rows.finish()));
        }
        auto connection = world.home.pool.lend();
        SEAL_CHECK(prepare_session(**connection, "main", {}).has_value(), "the server answers");
        SEAL_CHECK((*connection)
                       ->run_script("DROP TABLE IF EXISTS public.bare; CREATE TABLE public.bare"
                                    " (LIKE incoming, PRIMARY KEY (position))")
                       .has_value(),
                   "a table can be made");
        const std::string copy = "COPY public.bare FROM STDIN (FORMAT binary)";
        const auto begun = Steady::now();
        for (const Bytes& rows : batches) {
            SEAL_CHECK((*connection)->copy_in(copy, rows).has_value(), "rows fit");
        }
        const double result = rate_since(events, begun);
        connection->close_at_return();
        return result;
    }

    void ask(const Pack& pack, const std::string& ledger, const Asked& asked, std::size_t streams)
    {
        const auto found = std::find_if(pack.queries.begin(), pack.queries.end(),
                                        [&](const auto& one) { return one.name == asked.query; });
        SEAL_CHECK(found != pack.queries.end(), "the pack has the query");
        PackQuestion question;
        question.sql = found->sql.text;
        for (const std::string& name : found->sql.parameters) {
            const auto value = asked.values.find(name);
            question.values.push_back(value == asked.values.end() ? PackValue{}
                                                                  : PackValue{value->second});
        }
        question.time_max = std::chrono::milliseconds{60'000};
        PostgresPackReader reader{
            {ledger, pack.name, {pack.name}}, world.home.pool, world.home.threads};
        std::vector<double> took;
        for (std::size_t time = 0; time < asked_times; ++time) {
            const auto begun = Steady::now();
            const auto rows = world.home.run(reader.read(question));
            SEAL_CHECK(rows.has_value(), "the query is answered");
            took.push_back(
                std::chrono::duration<double, std::milli>(Steady::now() - begun).count());
        }
        std::sort(took.begin(), took.end());
        std::printf(R"({"name":"%s.%s","streams":%zu,"events":%zu,"p50_ms":%.2f,"p99_ms":%.2f})"
                    "\n",
                    pack.name.c_str(), asked.query.c_str(), streams, wish.before + wish.events,
                    took[took.size() / 2], took[took.size() * 99 / 100]);
    }

    void print(const Pack& pack, const char* what, std::size_t streams, double value,
               double baseline) const
    {
        std::printf(R"({"name":"%s.%s","streams":%zu,"before":%zu,"value":%.0f,"unit":"events/s",)"
                    R"("baseline":%.0f,"ratio":%.2f})"
                    "\n",
                    pack.name.c_str(), what, streams, wish.before, value, baseline,
                    value / baseline);
        std::fflush(stdout);
    }

    void run(const Pack& pack, std::size_t streams)
    {
        const Case& what = cases().at(pack.name);
        ChainPolicy chain;
        for (const PackStreamType& type : pack.stream_types) {
            if (type.is_chained) {
                chain.stream_types.push_back(type.name);
            }
        }
        std::sort(chain.stream_types.begin(), chain.stream_types.end());
        MemoryEventLog log{world.home.context.get_executor(), world.clock, {chain}};
        const std::string ledger = "bench" + std::to_string(++ledgers);
        const auto projections = pack_projections(pack);
        if (wish.before > 0) {
            fill(log, what, streams, 0, wish.before);
            static_cast<void>(world.fold(log, ledger, projections, wish.before));
        }
        fill(log, what, streams, wish.before, wish.before + wish.events);
        const double copied = bare_copy(log);
        print(pack, "fold", streams, world.fold(log, ledger, projections, wish.events), copied);
        print(pack, "rebuild", streams,
              world.rebuild(log, ledger, projections.front(), wish.before + wish.events), copied);
        for (const Asked& asked : what.asked) {
            ask(pack, ledger, asked, streams);
        }
    }
};

} // namespace

int main(int argc, char** argv)
{
    Wish wish;
    CLI::App app{"Folds, rebuilds and queries of the packs that come along"};
    app.add_option("--events", wish.events, "events that are measured");
    app.add_option("--before", wish.before, "events that are folded before");
    app.add_option("--streams", wish.streams, "how many streams")->delimiter(',');
    app.add_option("--packs", wish.packs, "names")->delimiter(',');
    app.add_option("--folder", wish.folder, "where the packs are");
    CLI11_PARSE(app, argc, argv);
    set_log_level(Level::warn);
    Bench bench;
    bench.wish = wish;
    for (const std::string& name : wish.packs) {
        const auto loaded = load_pack_folder(wish.folder + "/" + name);
        if (loaded.pack == nullptr || !cases().contains(name)) {
            std::fprintf(stderr, "pack_bench: there is no pack %s in %s\n", name.c_str(),
                         wish.folder.c_str());
            return 2;
        }
        for (const std::size_t streams : wish.streams) {
            bench.run(*loaded.pack, name == "ops" ? 1 : streams);
            if (name == "ops") {
                break; // everything goes to one stream
            }
        }
    }
    return 0;
}
