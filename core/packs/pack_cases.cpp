#include "core/packs/pack_cases.hpp"

#include "core/event/names.hpp"
#include "core/packs/reading/reading.hpp"

#include <boost/json/serialize.hpp>

#include <array>

namespace sealstream {

namespace json = boost::json;

namespace {

constexpr std::string_view anything = "…";
constexpr std::array methods{"GET", "POST", "PUT", "PATCH", "DELETE"};

bool fits_anything(const json::value& expected)
{
    const auto* text = expected.if_string();
    return text != nullptr && std::string_view{text->data(), text->size()} == anything;
}

// 5 and 5.0 are the same number here, as they are in JSON.
bool is_equal(const json::value& left, const json::value& right)
{
    if (left.is_number() && right.is_number() && (left.is_double() || right.is_double())) {
        return left.to_number<double>() == right.to_number<double>();
    }
    return left == right;
}

void compare(const json::value& expected, const json::value& found, const std::string& pointer,
             std::vector<std::string>& told)
{
    if (fits_anything(expected)) {
        return;
    }
    const auto tell = [&](const std::string& what) {
        told.push_back((pointer.empty() ? "the whole" : pointer) + ": " + what);
    };
    const auto* object = expected.if_object();
    const auto* array = expected.if_array();
    if (object != nullptr && found.is_object()) {
        for (const auto& member : *object) {
            const std::string below = pointer + "/" + std::string{member.key()};
            if (const auto* other = found.as_object().if_contains(member.key())) {
                compare(member.value(), *other, below, told);
            } else {
                told.push_back(below + ": expected " + json::serialize(member.value()) +
                               ", is not there");
            }
        }
    } else if (array != nullptr && found.is_array()) {
        const auto& other = found.as_array();
        if (array->size() != other.size()) {
            tell("expected " + std::to_string(array->size()) + " items, are " +
                 std::to_string(other.size()) + ": " + json::serialize(found));
            return;
        }
        for (std::size_t index = 0; index < array->size(); ++index) {
            compare((*array)[index], other[index], pointer + "/" + std::to_string(index), told);
        }
    } else if (!is_equal(expected, found)) {
        tell("expected " + json::serialize(expected) + ", is " + json::serialize(found));
    }
}

class CaseReader {
public:
    CaseReader(Reading& reading, std::string file) : reading_{reading}, file_{std::move(file)} {}

    PackCase read(const DocumentNode& node)
    {
        PackCase made{{}, file_, node.place};
        MapReader map{reading_, node, "case"};
        if (const auto* name = map.need("case")) {
            made.name = reading_.text(*name);
        }
        if (const auto* given = map.take("given")) {
            for (const auto& item : list(*given)) {
                made.given.push_back(read_given(item));
            }
        }
        if (const auto* rows = map.take("rows")) {
            read_rows(*rows, made);
        }
        if (const auto* steps = map.take("steps")) {
            for (const auto& item : list(*steps)) {
                made.steps.push_back(read_step(item));
            }
        }
        map.finish();
        return made;
    }

    [[nodiscard]] const std::vector<DocumentNode>& list(const DocumentNode& node)
    {
        if (!node.is_list()) {
            reading_.fail(node, "must be a list");
        }
        return node.items;
    }

private:
    GivenEvent read_given(const DocumentNode& node)
    {
        GivenEvent made;
        MapReader map{reading_, node, "event"};
        if (const auto* stream = map.need("stream")) {
            made.stream = reading_.text(*stream);
            if (!StreamName::parse(made.stream)) {
                reading_.fail(*stream, "is no stream", "such as deal/42");
            }
        }
        if (const auto* source = map.take("source")) {
            made.source = reading_.text(*source);
        }
        (void)map.need("type");
        for (const auto* key : {"type", "data", "meta", "actor", "time", "id"}) {
            if (const auto* value = map.take(key)) {
                made.event[key] = to_json(*value);
            }
        }
        map.finish();
        return made;
    }

    void read_rows(const DocumentNode& node, PackCase& to)
    {
        if (!node.is_map()) {
            reading_.fail(node, "must be tables with their rows");
        }
        for (const auto& member : node.members) {
            json::array rows;
            for (const auto& row : list(member.value)) {
                if (!row.is_map()) {
                    reading_.fail(row, "a row is columns and values");
                }
                rows.push_back(to_json(row));
            }
            to.rows.emplace(member.key, std::move(rows));
        }
    }

    PackStep read_step(const DocumentNode& node)
    {
        PackStep made;
        MapReader map{reading_, node, "step"};
        if (const auto* invariant = map.take("invariant")) {
            made.invariant = reading_.text(*invariant);
            if (const auto* breaches = map.need("breaches")) {
                for (const auto& row : list(*breaches)) {
                    made.breaches.push_back(to_json(row));
                }
            }
            map.finish();
            return made;
        }
        if (const auto* schedule = map.take("schedule")) {
            made.schedule = reading_.text(*schedule);
            if (const auto* after = map.take("after")) {
                made.after = reading_.duration(*after);
            }
            read_expected_events(map.take("events"), made);
            map.finish();
            return made;
        }
        if (const auto* request = map.need("request")) {
            const std::string text = reading_.text(*request);
            const std::size_t space = text.find(' ');
            made.method = text.substr(0, space);
            made.target = space == std::string::npos ? "" : text.substr(space + 1);
            if (std::find(methods.begin(), methods.end(), made.method) == methods.end() ||
                !made.target.starts_with("/")) {
                reading_.fail(*request, "must be a method and a path", "such as GET /deals");
            }
        }
        if (const auto* body = map.take("body")) {
            made.body = to_json(*body);
        }
        if (const auto* header = map.take("header")) {
            for (const auto& member : header->members) {
                made.fields.emplace_back(member.key, reading_.text(member.value));
            }
        }
        if (const auto* status = map.take("status")) {
            made.status = reading_.whole(*status, 100, 599);
        }
        if (const auto* answer = map.take("answer")) {
            made.answer = to_json(*answer);
        }
        read_expected_events(map.take("events"), made);
        map.finish();
        return made;
    }

    void read_expected_events(const DocumentNode* events, PackStep& to)
    {
        if (events == nullptr) {
            return;
        }
        to.events = json::array{};
        for (const auto& item : list(*events)) {
            to.events->push_back(to_json(item));
        }
    }

    Reading& reading_;
    std::string file_;
};

} // namespace

PackCases read_cases(const PackFiles& files, const ParseDocument& parse)
{
    PackCases all;
    for (const auto& [path, text] : files) {
        if (!path.starts_with("tests/") || !path.ends_with(".yaml")) {
            continue;
        }
        Reading reading{files, parse, path};
        if (const auto document = reading.open_document(path)) {
            CaseReader reader{reading, path};
            for (const auto& item : reader.list(*document)) {
                all.cases.push_back(reader.read(item));
            }
        }
        const auto problems = reading.take_problems();
        all.problems.insert(all.problems.end(), problems.begin(), problems.end());
    }
    return all;
}

std::vector<std::string> differences(const json::value& expected, const json::value& found)
{
    std::vector<std::string> told;
    compare(expected, found, "", told);
    return told;
}

std::vector<std::string> row_differences(const json::array& expected, const json::array& found)
{
    std::vector<std::string> told;
    std::vector<bool> is_taken(found.size());
    for (const auto& row : expected) {
        std::size_t at = 0;
        while (at < found.size() && (is_taken[at] || !differences(row, found[at]).empty())) {
            ++at;
        }
        if (at < found.size()) {
            is_taken[at] = true;
        } else {
            told.push_back("missing  " + json::serialize(row));
        }
    }
    for (std::size_t at = 0; at < found.size(); ++at) {
        if (!is_taken[at]) {
            told.push_back("too many " + json::serialize(found[at]));
        }
    }
    return told;
}

} // namespace sealstream
