#include "integration/support/pack_samples.hpp"

#include <map>

namespace sealstream::testing {

Draft transfer(int units)
{
    static const SystemClock clock;
    static EventIdSource ids{clock};
    Draft draft = sample_draft(1);
    draft.id = ids.next();
    draft.type = "Transferred";
    draft.data = "{\"amount\":" + std::to_string(units) + "}";
    return draft;
}

Projection balances(const std::string& name, FoldForm form)
{
    Projection pack{name, "CREATE TABLE balance (account text PRIMARY KEY, units bigint)", "",
                    form == FoldForm::set
                        ? "INSERT INTO balance SELECT stream_id, sum((data->>'amount')::bigint)"
                          " FROM batch GROUP BY stream_id ON CONFLICT (account)"
                          " DO UPDATE SET units = balance.units + excluded.units"
                        : "UPDATE balance SET units = units + (e.data->>'amount')::bigint"
                          " WHERE account = e.stream_id; IF NOT FOUND THEN INSERT INTO balance"
                          " VALUES (e.stream_id, (e.data->>'amount')::bigint); END IF;"};
    pack.pack = name;
    pack.form = form;
    pack.follows = {"account"};
    return pack;
}

std::string stored_balances(ProjectorHome& home, const std::string& projection)
{
    return home.value("SELECT coalesce(string_agg(account || '=' || units, ' '"
                      " ORDER BY account COLLATE \"C\"), '') FROM main_" +
                      projection + ".balance");
}

std::string expected_balances(ProjectorHome& home)
{
    constexpr std::string_view begin = "{\"amount\":";
    std::map<std::string, int> units;
    for (const IndexedEvent& one : home.expected_events()) {
        if (one.event.stream.type == "account") {
            units[one.event.stream.id] += std::stoi(one.event.draft.data.substr(begin.size()));
        }
    }
    std::string text;
    for (const auto& [account, sum] : units) {
        text.append(text.empty() ? "" : " ").append(account).append("=") += std::to_string(sum);
    }
    return text;
}

} // namespace sealstream::testing
