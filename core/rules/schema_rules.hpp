#pragma once

// What events of each type must look like, and which of their fields are secret: a pure fold of two
// kinds of system streams.
//
//   sealstream-schema/<event type>      EventSchemaRegistered
//     {"event_type":…,"schema":{…},"compatibility":"backward"}        version n of the stream is
//                                                                     version n of the schema
//   sealstream-redaction/<event type>   EventRedactionChanged
//     {"event_type":…,"before":[…]|null,"after":[…]}
//
// A registration holds for the events after it in the log.

#include "core/event/event.hpp"
#include "core/rules/redaction.hpp"
#include "core/schema/compatibility.hpp"
#include "core/schema/json_schema.hpp"

#include <map>
#include <memory>

namespace sealstream {

inline constexpr std::string_view schema_event_type = "EventSchemaRegistered";
inline constexpr std::string_view redaction_event_type = "EventRedactionChanged";

struct SchemaVersion {
    std::string text; // canonical JSON
    Compatibility compatibility{Compatibility::backward};
    Version version;
    Position position;
    WallTime registered;
    std::string registered_by; // the actor, else the source
};

struct SchemaRow {
    std::vector<std::shared_ptr<const SchemaVersion>> versions; // number n at n - 1; never empty
    JsonSchema compiled;                                        // of the latest
    [[nodiscard]] const SchemaVersion& latest() const { return *versions.back(); }
};

struct RedactionRow {
    std::vector<Redaction> redactions; // empty: none any more
    Version version;
    Position position;
    WallTime changed;
    std::string changed_by;
};

class SchemaRules {
public:
    template <class Row>
    using Rows = std::map<std::string, Row, std::less<>>;

    // Events of either kind.
    //   corrupt      one is missing
    //   unsupported  one that this version does not understand
    [[nodiscard]] Result<void> apply(const StoredEvent& event);

    // Takes the secrets out of a draft.
    void redact(Draft& draft) const;

    // Null when there is none.
    [[nodiscard]] const SchemaRow* schema(std::string_view type) const noexcept;
    [[nodiscard]] const RedactionRow* redaction(std::string_view type) const noexcept;
    [[nodiscard]] const Rows<SchemaRow>& schemas() const noexcept { return schemas_; }
    [[nodiscard]] const Rows<RedactionRow>& redactions() const noexcept { return redactions_; }

private:
    Result<void> apply_schema(const StoredEvent& event);
    Result<void> apply_redaction(const StoredEvent& event);

    Rows<SchemaRow> schemas_;
    Rows<RedactionRow> redactions_;
};

// The data of the two events: canonical JSON.
[[nodiscard]] std::string schema_data(std::string_view type, const boost::json::value& schema,
                                      Compatibility compatibility);
[[nodiscard]] std::string redaction_data(std::string_view type, const RedactionRow* before,
                                         const std::vector<Redaction>& after);

} // namespace sealstream
