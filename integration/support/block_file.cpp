#include "integration/support/block_file.hpp"

#include "core/event/digest.hpp"
#include "integration/support/highway_hash.hpp"
#include "integration/support/process.hpp"

#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <vector>

namespace sealstream::testing {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t headers_bit = std::uint64_t{1} << 31;
constexpr std::uint64_t sequence_marks = std::uint64_t{3} << 62; // erased, tombstone
constexpr std::size_t head_bytes = 22;
constexpr std::size_t checksum_bytes = 8;

std::uint64_t integer_at(const std::string& text, std::size_t at, std::size_t size)
{
    std::uint64_t value = 0;
    for (std::size_t index = size; index-- > 0;) {
        value = value << 8 | static_cast<unsigned char>(text[at + index]);
    }
    return value;
}

struct BlockRecord {
    std::size_t start{0};
    std::size_t size{0};
    std::size_t payload{0}; // where it starts
    std::uint64_t sequence{0};
    std::string hashed; // what the checksum covers

    [[nodiscard]] std::size_t checksum() const { return start + size - checksum_bytes; }
};

BlockRecord record_at(const std::string& block, std::size_t start)
{
    BlockRecord record;
    record.start = start;
    if (start + head_bytes + checksum_bytes > block.size()) {
        throw std::runtime_error{"a block file ends inside a record"};
    }
    const std::uint64_t size = integer_at(block, start, 4);
    record.size = size & ~headers_bit;
    record.sequence = integer_at(block, start + 4, 8);
    const std::size_t subject_size = integer_at(block, start + 20, 2);
    std::size_t body = start + head_bytes + subject_size;
    if (record.size < head_bytes + subject_size + checksum_bytes ||
        start + record.size > block.size()) {
        throw std::runtime_error{"a block file has a record of impossible size"};
    }
    record.hashed = block.substr(start + 4, 16) + block.substr(start + head_bytes, subject_size);
    record.payload = body;
    if ((size & headers_bit) != 0) {
        const std::size_t headers_size = integer_at(block, body, 4);
        body += 4; // the size of the headers is not hashed
        record.payload = body + headers_size;
    }
    record.hashed += block.substr(body, record.checksum() - body);
    return record;
}

HighwayKey key_of(const std::string& stream, int number)
{
    const std::string text = stream + "-" + std::to_string(number);
    const auto digest = sha256(std::as_bytes(std::span{text.data(), text.size()}));
    return highway_key(std::span<const std::byte, 32>{digest.bytes});
}

std::map<int, fs::path> blocks_of(const fs::path& store, const std::string& stream)
{
    std::map<int, fs::path> blocks;
    for (const auto& entry : fs::directory_iterator{stream_folder(store, stream) / "msgs"}) {
        if (entry.path().extension() == ".blk") {
            blocks.emplace(std::stoi(entry.path().stem().string()), entry.path());
        }
    }
    return blocks;
}

std::uint64_t checksum_of(const BlockRecord& record, const HighwayKey& key)
{
    return highway_hash_64(key, record.hashed);
}

bool is_intact(const std::string& block, const BlockRecord& record, const HighwayKey& key)
{
    return integer_at(block, record.checksum(), checksum_bytes) == checksum_of(record, key);
}

void write_file(const fs::path& path, const std::string& text)
{
    std::ofstream file{path, std::ios::binary | std::ios::trunc};
    file << text;
    if (!file.flush()) {
        throw std::runtime_error{"can not write " + path.string()};
    }
}

} // namespace

fs::path stream_folder(const fs::path& store, const std::string& stream)
{
    return store / "jetstream" / "$G" / "streams" / stream;
}

void edit_message(const fs::path& store, const std::string& stream, std::uint64_t sequence,
                  const std::function<void(std::string& payload)>& edit, Checksum checksum)
{
    for (const auto& [number, path] : blocks_of(store, stream)) {
        const HighwayKey key = key_of(stream, number);
        std::string block = text_of(path);
        for (std::size_t at = 0; at < block.size();) {
            const BlockRecord record = record_at(block, at);
            at += record.size;
            if (record.sequence != sequence) {
                continue;
            }
            if (!is_intact(block, record, key)) {
                throw std::runtime_error{"the checksum is not what we take it for"};
            }
            const std::size_t size = record.checksum() - record.payload;
            std::string payload = block.substr(record.payload, size);
            edit(payload);
            if (payload.size() != size || payload == block.substr(record.payload, size)) {
                throw std::runtime_error{"an edit must keep the size and change something"};
            }
            block.replace(record.payload, size, payload);
            if (checksum == Checksum::corrected) {
                const std::uint64_t sum = checksum_of(record_at(block, record.start), key);
                for (std::size_t index = 0; index < checksum_bytes; ++index) {
                    block[record.checksum() + index] = static_cast<char>(sum >> (8 * index) & 0xff);
                }
            }
            write_file(path, block);
            return;
        }
    }
    throw std::runtime_error{"no message " + std::to_string(sequence) + " in " + stream};
}

void forget_index(const fs::path& store, const std::string& stream)
{
    fs::remove(stream_folder(store, stream) / "msgs" / "index.db");
}

std::size_t count_intact_records(const fs::path& store, const std::string& stream)
{
    std::size_t count = 0;
    for (const auto& [number, path] : blocks_of(store, stream)) {
        const HighwayKey key = key_of(stream, number);
        const std::string block = text_of(path);
        for (std::size_t at = 0; at < block.size();) {
            const BlockRecord record = record_at(block, at);
            at += record.size;
            if ((record.sequence & sequence_marks) == 0 && !is_intact(block, record, key)) {
                throw std::runtime_error{"message " + std::to_string(record.sequence) + " of " +
                                         stream + " has a wrong checksum"};
            }
            ++count;
        }
    }
    return count;
}

} // namespace sealstream::testing
