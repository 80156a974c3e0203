// Runs a fuzz target without libFuzzer: every file of its corpus, then seeded mutations of them.
//
//   <target> CORPUS_FOLDER

#include "core/base/check.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/support/seed.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace {

constexpr std::size_t mutations_max = 200'000;
constexpr auto time_max = std::chrono::seconds{5};
constexpr std::size_t input_bytes_max = 4096; // of a mutation that grows

using Input = std::vector<std::uint8_t>;

std::vector<Input> read_corpus(const std::filesystem::path& folder)
{
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end()); // so that a seed means the same everywhere
    std::vector<Input> corpus;
    for (const auto& path : paths) {
        std::ifstream file{path, std::ios::binary};
        corpus.emplace_back(std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{});
    }
    return corpus;
}

void run(const Input& input)
{
    LLVMFuzzerTestOneInput(input.data(), input.size());
}

void mutate_once(Input& input, const std::vector<Input>& corpus, std::mt19937_64& random)
{
    const std::size_t at = input.empty() ? 0 : random() % input.size();
    const auto place = input.begin() + static_cast<std::ptrdiff_t>(at);
    switch (input.empty() ? 1 : random() % 6) {
    case 0:
        input[at] ^= static_cast<std::uint8_t>(1U << (random() % 8));
        return;
    case 1:
        input.insert(place, static_cast<std::uint8_t>(random()));
        return;
    case 2:
        input.erase(place);
        return;
    case 3:
        input[at] = static_cast<std::uint8_t>(random());
        return;
    case 4: { // a piece of another input
        const Input& other = corpus[random() % corpus.size()];
        const std::size_t begin = other.empty() ? 0 : random() % other.size();
        const std::size_t size = std::min<std::size_t>(other.size() - begin, 1 + random() % 32);
        const auto from = other.begin() + static_cast<std::ptrdiff_t>(begin);
        input.insert(place, from, from + static_cast<std::ptrdiff_t>(size));
        return;
    }
    default: // a letter from elsewhere in the same input
        input[at] = input[random() % input.size()];
        return;
    }
}

} // namespace

int main(int argc, char** argv)
{
    SEAL_CHECK(argc == 2, "the corpus folder is the one argument");
    const std::vector<Input> corpus = read_corpus(argv[1]);
    SEAL_CHECK(!corpus.empty(), "the corpus has inputs");
    std::cout << "seed " << sealstream::testing::seed() << " (repeat with SEALSTREAM_TEST_SEED), "
              << corpus.size() << " inputs" << std::endl;
    run({});
    for (const Input& input : corpus) {
        run(input);
    }
    auto random = sealstream::testing::random_generator(1);
    const auto begin = std::chrono::steady_clock::now();
    std::size_t count = 0;
    while (count < mutations_max && std::chrono::steady_clock::now() - begin < time_max) {
        Input input = corpus[random() % corpus.size()];
        for (auto left = 1 + random() % 4; left > 0 && input.size() < input_bytes_max; --left) {
            mutate_once(input, corpus, random);
        }
        run(input);
        ++count;
    }
    std::cout << count << " mutations held" << std::endl;
    return 0;
}
