#pragma once

// The packs of one ledger as its HTTP front end serves them: their routes below their prefixes, and
// the guards before appends. Made as a whole, never changed, replaced as a whole; a request keeps
// the one that it has begun with.

#include "core/packs/pack.hpp"
#include "core/ports/pack_reader.hpp"
#include "core/schema/json_schema.hpp"
#include "node/http/index_watch.hpp"
#include "node/http/packs/pack_event_rules.hpp"
#include "node/http/routes.hpp"

#include <deque>
#include <map>
#include <memory>

namespace sealstream::http {

// A pack, and how its tables are read. Reader and watch outlive every request.
struct PackToServe {
    MountedPack mounted;
    PackReader* reader{nullptr}; // both null: the ledger has no Postgres, and queries answer 503
    IndexWatch* watch{nullptr};
};

struct ServedGuard {
    const PackGuard* guard;
    PackToServe of;
};

// One route of a pack.
struct PackEndpoint {
    Route route{}; // its views are of the next two
    std::string pattern;
    std::string name; // "todo.open_tasks"
    PackToServe of{};
    const PackQuery* query{nullptr}; // one of these two
    const PackCommand* command{nullptr};
    std::optional<JsonSchema> body_schema{};
    std::vector<ServedGuard> guards{}; // of the command, beside those of its events
    std::size_t metrics_number{0};

    [[nodiscard]] const Pack& pack() const { return *of.mounted.pack; }
};

class ServedPacks {
public:
    //   malformed   two claims to one route: names both
    //   and what a body schema can be refused for
    [[nodiscard]] static Result<std::shared_ptr<const ServedPacks>>
    make(const std::vector<PackToServe>& packs, HttpMetrics& metrics);

    ServedPacks() = default;
    ServedPacks(const ServedPacks&) = delete;
    ServedPacks& operator=(const ServedPacks&) = delete;

    // The endpoint that answers, the one with the most literal path; null: none. `allowed` gets the
    // verbs of the endpoints whose path fits.
    [[nodiscard]] const PackEndpoint* find(Verb verb, std::string_view path,
                                           PathParameters& parameters, std::string& allowed) const;

    // All that must agree before an event of this type is appended; null: none.
    [[nodiscard]] const std::vector<ServedGuard>* guards_of(std::string_view event_type) const;

    // What they say about events of their types.
    [[nodiscard]] const PackEventRules& event_rules() const noexcept { return event_rules_; }

    // The OpenAPI document with the routes of the packs, as JSON and as YAML.
    [[nodiscard]] std::string_view openapi() const noexcept { return openapi_; }
    [[nodiscard]] std::string_view openapi_yaml() const noexcept { return openapi_yaml_; }

    [[nodiscard]] const std::deque<PackEndpoint>& endpoints() const noexcept { return endpoints_; }

private:
    [[nodiscard]] Result<void> add(PackEndpoint endpoint, HttpMetrics& metrics);

    std::vector<PackToServe> packs_;
    std::string openapi_;
    std::string openapi_yaml_;
    std::deque<PackEndpoint> endpoints_; // addresses stay
    std::map<std::string, std::vector<ServedGuard>, std::less<>> guards_;
    PackEventRules event_rules_;
};

// Whether some path fits both patterns.
[[nodiscard]] bool do_patterns_meet(std::string_view one, std::string_view other);

} // namespace sealstream::http
