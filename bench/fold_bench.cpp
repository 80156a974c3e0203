// The speed of folding and rebuilding the event index, beside a bare COPY of the same rows into the
// same table with the same indexes, in transactions of the same size, in the same Postgres. One
// JSON object a line.
//
//   fold_bench [events]

#include "bench/fold_world.hpp"
#include "core/base/log.hpp"
#include "tests/support/memory_event_log.hpp"

#include <cstdio>
#include <cstdlib>

namespace {

using namespace sealstream;
using namespace sealstream::testing;
using Steady = std::chrono::steady_clock;

constexpr std::size_t default_events = 300'000;

void print(const char* name, double value, double baseline, double target)
{
    std::printf(R"({"name":"%s","value":%.0f,"unit":"events/s","baseline":%.0f,"ratio":%.2f,)"
                R"("target":%.2f})"
                "\n",
                name, value, baseline, value / baseline, target);
    std::fflush(stdout);
}

// About 256 bytes a record, with words as applications have them.
Draft draft_of(std::uint64_t number, EventIdSource& ids)
{
    constexpr std::array<const char*, 8> words{"invoice", "paid",   "shipping", "delayed",
                                               "refund",  "issued", "customer", "support"};
    Draft draft;
    draft.id = ids.next();
    draft.type = number % 3 == 0 ? "TokensTransferred" : "OrderPlaced";
    draft.source = "economy-service";
    draft.actor = "user:" + std::to_string(number % 1000);
    draft.data = R"({"amount":)" + std::to_string(number % 10'000) + R"(,"from":"account-)" +
                 std::to_string(number % 5000) + R"(","note":")" + words[number % 8] + " " +
                 words[number / 8 % 8] + R"(","to":"account-)" + std::to_string(number % 77) +
                 "\"}";
    return draft;
}

struct World : FoldWorld {
    MemoryEventLog log{home.context.get_executor(), clock};

    void fill(std::size_t events)
    {
        EventIdSource ids{clock};
        for (std::size_t done = 0; done < events;) {
            StreamAppend append{{"account", std::to_string(done / 500 % 997)}, Expected{}, {}};
            for (; append.drafts.size() < 500 && done < events; ++done) {
                append.drafts.push_back(draft_of(done, ids));
            }
            std::vector<StreamAppend> batch{std::move(append)};
            SEAL_CHECK(home.run(log.append(std::move(batch))).has_value(), "valid events");
        }
    }

    // The rows as they will stand in the table, made beforehand, so that only COPY is timed.
    std::vector<Bytes> rows_of_table()
    {
        auto connection = home.pool.lend();
        std::vector<Bytes> batches;
        Position after{};
        while (true) {
            auto records = home.run(log.read_from(after, ReadLimits{bench_batch_events, 64 << 20}));
            if (records->empty()) {
                return batches;
            }
            after = records->back().position;
            SEAL_CHECK((*connection)->run_script("BEGIN").has_value(), "the server answers");
            SkipRules rules;
            auto batch = encode_batch(*records, rules);
            SEAL_CHECK((*connection)->copy_in(copy_batch, batch.rows.finish()).has_value(),
                       "rows fit");
            // Through the server once, so that the columns are those of the table.
            batches.push_back(table_rows(**connection));
            (*connection)->roll_back();
        }
    }

    static Bytes table_rows(Connection& connection)
    {
        const auto made = connection.run(
            "SELECT position, id, stream_type, stream_id, version, type, source, actor, category,"
            " time_nanos, ingested_nanos, coalesce(time_nanos, ingested_nanos), key, data, meta,"
            " data_exact, meta_exact, words, payload_key, expired, skipped FROM incoming",
            {}, SqlFormat::binary);
        constexpr std::size_t columns = 21;
        CopyBuffer rows{columns};
        for (std::size_t row = 0; row < made->rows(); ++row) {
            rows.begin_row();
            for (std::size_t column = 0; column < columns; ++column) {
                if (made->is_null(row, column)) {
                    rows.add_null();
                } else {
                    rows.add_bytes(made->bytes(row, column));
                }
            }
        }
        return to_bytes(rows.finish());
    }

    double bare_copy(const std::vector<Bytes>& batches, std::size_t events)
    {
        auto connection = home.pool.lend();
        const auto projection = event_index_projection();
        SEAL_CHECK((*connection)
                       ->run_script("CREATE SCHEMA bare; SET search_path = bare;" +
                                    projection.schema_sql + projection.indexes_sql +
                                    ";SET synchronous_commit = off")
                       .has_value(),
                   "the tables can be made twice");
        const auto begun = Steady::now();
        for (const Bytes& rows : batches) {
            SEAL_CHECK(
                (*connection)->copy_in("COPY events FROM STDIN (FORMAT binary)", rows).has_value(),
                "rows fit");
        }
        const double result = rate_since(events, begun);
        connection->close_at_return();
        return result;
    }

    // The event index and these, in tables of their own.
    double fold_with(std::size_t events, const std::string& ledger = "main",
                     std::vector<Projection> packs = {})
    {
        packs.insert(packs.begin(), event_index_projection());
        return fold(log, ledger, packs, events);
    }
};

// Each keeps a row for each account, up to date: every event of the log reaches it.
std::vector<Projection> packs(std::size_t count, FoldForm form)
{
    std::vector<Projection> made;
    for (std::size_t number = 0; number < count; ++number) {
        Projection pack{"pack" + std::to_string(number),
                        "CREATE TABLE account (id text PRIMARY KEY, events bigint, last bigint)",
                        "",
                        form == FoldForm::set
                            ? "INSERT INTO account SELECT stream_id, count(*), max(version)"
                              " FROM batch GROUP BY stream_id ON CONFLICT (id) DO UPDATE"
                              " SET events = account.events + excluded.events, last = excluded.last"
                            : "INSERT INTO account VALUES (e.stream_id, 1, e.version)"
                              " ON CONFLICT (id) DO UPDATE SET events = account.events + 1,"
                              " last = excluded.last;"};
        pack.pack = pack.name;
        pack.form = form;
        made.push_back(std::move(pack));
    }
    return made;
}

} // namespace

int main(int argc, char** argv)
{
    const std::size_t events =
        argc > 1 ? static_cast<std::size_t>(std::strtoull(argv[1], nullptr, 10)) : default_events;
    set_log_level(Level::warn);
    World world;
    world.fill(events);
    {
        auto connection = world.home.pool.lend();
        SEAL_CHECK(prepare_session(**connection, "main", {}).has_value(), "the server answers");
    }
    const auto batches = world.rows_of_table();
    const double copied = world.bare_copy(batches, events);
    print("bare_copy", copied, copied, 1.0);
    print("fold", world.fold_with(events), copied, 0.6);
    print("rebuild", world.rebuild(world.log, "main", event_index_projection(), events), 100'000,
          1.0);
    print("fold_with_1_pack", world.fold_with(events, "one", packs(1, FoldForm::set)), copied, 0.4);
    print("fold_with_5_packs", world.fold_with(events, "five", packs(5, FoldForm::set)), copied,
          0.2);
    print("fold_with_row_pack", world.fold_with(events, "rows", packs(1, FoldForm::rows)), copied,
          0.1);
    return 0;
}
