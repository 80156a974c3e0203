#include "audit/consistency.hpp"
#include "audit/inclusion.hpp"
#include "audit/witness_request.hpp"
#include "tests/audit/note_support.hpp"
#include "tests/audit/tree_support.hpp"
#include "tests/support/catch.hpp"

using namespace sealstream;
using namespace sealstream::testing;

namespace {

constexpr std::string_view dash = "\xe2\x80\x94 ";

std::string signed_line(std::string_view key_and_signature)
{
    return std::string{dash} + std::string{key_and_signature} + "\n";
}

SignedNote checkpoint_of_8()
{
    const DenseTree tree = reference_tree();
    const std::string text = format_checkpoint({std::string{log_name}, 8, tree.root(), {}});
    return {text, {sign_note(text, log_key())}};
}

} // namespace

TEST_CASE("notes that other programs have signed verify", "[audit][vectors]")
{
    const std::pair<std::string_view, std::string> rows[] = {
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
         "This is an example message.\n\n" +
             signed_line("example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1"
                         "ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=")},
        {"sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
         "go.sum database tree\n35225469\nvt5T6GaLCXvyHFl9VUvvItR43XZxfLgftEcTyO3eJCQ=\n\n" +
             signed_line("sum.golang.org Az3grpukl5AXaVfYkLiDGORx/DN2nlcS5kZHR5uYOBV2KA2HgXpD+gu9"
                         "HHONebHLAyaKbbTM75QTtPydhKCExixSfwQ=")}};

    for (const auto& [key_text, text] : rows) {
        const auto key = VerifierKey::parse(key_text);
        REQUIRE(key.has_value());
        CHECK(key->to_string() == key_text);
        const auto note = parse_note(text);
        REQUIRE(note.has_value());
        CHECK(format_note(*note) == text);
        CHECK(verify_note(*note, std::span{&*key, 1}).has_value());
    }
}

TEST_CASE("the published checkpoint of a sigsum log is reproduced byte for byte",
          "[audit][vectors]")
{
    std::array<std::byte, 32> seed{std::byte{0x11}};
    const SigningKey key{
        "sigsum.org/v1/tree/e796172b92befd62d9dc67e41c2f5bc9d3100a3023b20b1ca40288dd1c679e69",
        PrivateKey{seed}};
    Digest root;
    root.bytes[0] = std::byte{0x1c};
    root.bytes[1] = std::byte{0x0e};
    root.bytes[2] = std::byte{0x47};

    const auto text = format_checkpoint({key.name, 10, root, {}});
    const auto signature = sign_note(text, key);

    CHECK(to_hex(key.key.public_key()) ==
          "66e0b858e462a609e66fe71370c816d8846ff103d5499a22a7fec37fdbc424a7");
    CHECK(signature.key_id == 0x809da1a3);
    CHECK(format_signature(signature) ==
          signed_line(key.name + " gJ2ho0n8F8olcerUF1FFdv235A/5as/coWrpLrtE7ovMeP5whgwouYExowG/lTzn"
                                 "xu6OUGjjt5yJQ6bXtTcf718MqAQ="));
}

TEST_CASE("our checkpoints and cosignatures have the known bytes", "[audit][vectors]")
{
    const DenseTree tree = reference_tree();
    const std::pair<std::uint64_t, std::string_view> rows[] = {
        {0,
         "sdc7kka6X7DNoJ92hU/h0BxggEU+VlI84dQbiLSqfkQ+8tkbimJkkxfvIwu+ujFJgutQlHr2sKkQAqjMQYGPontv"
         "cgs="},
        {6,
         "sdc7krIPyuhRv5rXBO3BrrtcqD17qGy50tWfsdGuRmaMMktobMAoUmOBrPE4rhvsI0RjF10W3D6cBoMhOKXqQUUI"
         "Wg0="},
        {8,
         "sdc7krEzLyTzb3BACz6NO+i/VcNq1N9t1ROa8Ihx3eX4EnwH0qLmI1CribveMQg+VIfCV5oY0xPRQvac1XHpKbLL"
         "dwY="}};

    CHECK(log_key().verifier().to_string() ==
          "sealstream.example/audit/test+b1d73b92+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c");
    CHECK(witness_key().verifier(NoteKeyType::cosignature).to_string() ==
          "witness.example/w1+df1c0a35+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU");
    for (const auto& [size, signature] : rows) {
        const auto text = format_checkpoint({std::string{log_name}, size, tree.root_at(size), {}});
        CHECK(format_signature(sign_note(text, log_key())) ==
              signed_line(std::string{log_name} + " " + std::string{signature}));
        CHECK(format_checkpoint(*parse_checkpoint(text)) == text);
    }
    CHECK(
        format_signature(cosign_note(checkpoint_of_8().text, witness_key(), 1'700'000'000)) ==
        signed_line("witness.example/w1 3xwKNQAAAABlU/EAL/DQib8x97VeISssJvQXwMFj3srgAOwZpOuwg3/JRJ"
                    "GzBTNl5dA0BCFr7/r28jB63zYKry8DKMXcFlhEuwEkDQ=="));
}

TEST_CASE("the add-checkpoint request from 6 to 8 has the known bytes", "[audit][vectors]")
{
    const DenseTree tree = reference_tree();
    const WitnessRequest request{6, *consistency_proof(tree, 6, 8), checkpoint_of_8()};

    const std::string text = format_witness_request(request);

    CHECK(text == "old 6\nDrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o=\n"
                  "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=\n"
                  "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=\n\n" +
                      format_note(checkpoint_of_8()));
    const auto parsed = parse_witness_request(text);
    REQUIRE(parsed.has_value());
    CHECK(*parsed == request);
    for (const auto* bad : {"", "old 6", "old 06\n\n", "old -1\n\n", "new 6\n\n"}) {
        CHECK(parse_witness_request(bad).error().code == Errc::malformed);
    }
    const auto answer = format_signature(cosign_note(request.checkpoint.text, witness_key(), 5));
    CHECK(parse_cosignatures(answer)->size() == 1);
    CHECK(parse_cosignatures("\n" + answer).error().code == Errc::malformed);
    CHECK(parse_cosignatures("").error().code == Errc::malformed);
}

TEST_CASE("the offline receipt for leaf 5 of 8 has the known bytes and verifies",
          "[audit][vectors]")
{
    const DenseTree tree = reference_tree();
    SignedNote note = checkpoint_of_8();
    note.signatures.push_back(cosign_note(note.text, witness_key(), 1'700'000'000));
    TlogProof proof{{}, 5, *inclusion_proof(tree, 5, 8), note};
    const std::vector keys{log_key().verifier(), witness_key().verifier(NoteKeyType::cosignature)};

    const std::string text = format_tlog_proof(proof);

    CHECK(text == "c2sp.org/tlog-proof@v1\nindex 5\n"
                  "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=\n"
                  "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=\n"
                  "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=\n\n" +
                      format_note(note));
    proof.extra = to_bytes("leaf and salt");
    CHECK(*parse_tlog_proof(format_tlog_proof(proof)) == proof);
    const auto leaves = reference_leaves();
    const auto verified = verify_tlog_proof(proof, leaves[5], keys);
    REQUIRE(verified.has_value());
    CHECK(verified->size == 8);
    CHECK(verify_tlog_proof(proof, leaves[4], keys).error().code == Errc::corrupt);
    const auto only_witness = std::span{keys}.subspan(1);
    CHECK(verify_tlog_proof(proof, leaves[5], only_witness).error().code == Errc::untrusted_key);
    CHECK(parse_tlog_proof("c2sp.org/tlog-proof@v2\nindex 5\n\n").error().code == Errc::malformed);
    CHECK(parse_tlog_proof(text.substr(0, text.size() - 1)).error().code == Errc::malformed);
}

TEST_CASE("unknown lines are ignored, and a known key that does not verify refuses the note",
          "[audit]")
{
    SignedNote note = checkpoint_of_8();
    const VerifierKey log = log_key().verifier();
    const VerifierKey witness = witness_key().verifier(NoteKeyType::cosignature);
    const std::vector both{log, witness};
    note.signatures.insert(note.signatures.begin(), {{"stranger.example", 7, Bytes(5)},
                                                     {log.name, log.id() + 1, Bytes(64)}});

    CHECK(verify_note(note, both)->size() == 1);
    CHECK(verify_note(note, std::span{&witness, 1}).error().code == Errc::untrusted_key);

    note.signatures.push_back(cosign_note(note.text, witness_key(), 5));
    CHECK(verify_note(note, both)->back().time == 5U);
    note.signatures.back().signature[7] ^=
        std::byte{1}; // another time than the one that was signed
    CHECK(verify_note(note, both).error().code == Errc::bad_signature);
    CHECK(verify_note(note, std::span{&log, 1}).has_value());
    note.signatures.back().signature.pop_back();
    CHECK(verify_note(note, both).error().code == Errc::bad_signature);

    note = checkpoint_of_8();
    note.text[note.text.size() - 3] ^= 1;
    CHECK(verify_note(note, both).error().code == Errc::bad_signature);
}

TEST_CASE("a checkpoint counts only when its own log has signed it", "[audit]")
{
    const auto text = format_checkpoint({"other.example/log", 8, empty_root(), {}});
    const SignedNote note{text, {sign_note(text, log_key())}};
    const VerifierKey log = log_key().verifier();

    CHECK(verify_note(note, std::span{&log, 1}).has_value());
    CHECK(open_checkpoint(note, std::span{&log, 1}).error().code == Errc::untrusted_key);
    CHECK(open_checkpoint(checkpoint_of_8(), std::span{&log, 1})->size == 8);
}

TEST_CASE("a note that is written in any other way is refused", "[audit]")
{
    const std::string good = format_note(checkpoint_of_8());
    const std::string line = format_signature(checkpoint_of_8().signatures[0]);
    REQUIRE(parse_note(good).has_value());
    REQUIRE(parse_note("a\n\nb\n\n" + line)->text == "a\n\nb\n");

    for (const std::string& bad :
         {std::string{}, std::string{"\n"}, std::string{"text\n"}, std::string{"text\n\n"},
          good.substr(0, good.size() - 1), good + "\n", good + "x\n", "a\r\n\n" + line,
          std::string{"a\0b\n\n", 5} + line, "a\n\n" + line + line, "a\n\n- " + line.substr(4),
          "a\n\n" + signed_line("name"), "a\n\n" + signed_line("name "),
          "a\n\n" + signed_line(" AAAAAAA="), "a\n\n" + signed_line("na+me AAAAAAA="),
          "a\n\n" + signed_line("name AAAA"), "a\n\n" + signed_line("name AAAAAA=="),
          "a\n\n" + signed_line("name AAAAAAA")}) {
        INFO(bad);
        const auto note = parse_note(bad);
        REQUIRE(!note.has_value());
        CHECK(note.error().code == Errc::malformed);
    }
    CHECK(parse_note("a\xff\n\n" + line).error().code == Errc::invalid_utf8);
    CHECK(parse_note("a\xed\xa0\x80\n\n" + line).error().code == Errc::invalid_utf8);
    CHECK(parse_note("a\xc0\xaf\n\n" + line).error().code == Errc::invalid_utf8);
    CHECK(parse_note(std::string(note_bytes_max, 'a') + good).error().code == Errc::too_large);
    std::string many = "a\n\n";
    for (std::size_t at = 0; at <= note_signatures_max; ++at) {
        many += format_signature({"key" + std::to_string(at), 1, Bytes(64)});
    }
    CHECK(parse_note(many).error().code == Errc::malformed);
}

TEST_CASE("keys have one spelling, and their id must be theirs", "[audit]")
{
    const std::string verifier = log_key().verifier().to_string();
    const std::string secret = log_key().to_string();

    CHECK(SigningKey::parse(secret)->verifier() == log_key().verifier());
    CHECK(SigningKey::parse(secret)->to_string() == secret);
    CHECK(SigningKey::generate("a b").error().code == Errc::bad_name);
    CHECK(SigningKey::generate("fresh")->to_string() != SigningKey::generate("fresh")->to_string());

    std::string other_name = verifier;
    other_name[0] = 'S';
    for (const std::string& bad :
         {std::string{}, std::string{"name"}, std::string{"name+00000000"}, other_name,
          verifier.substr(0, verifier.size() - 4), verifier + "\n", secret}) {
        INFO(bad);
        CHECK(VerifierKey::parse(bad).error().code == Errc::malformed);
    }
    CHECK(SigningKey::parse(verifier).error().code == Errc::malformed);
    CHECK(SigningKey::parse(secret + "A").error().code == Errc::malformed);
    const VerifierKey ecdsa{"name", static_cast<NoteKeyType>(2), {}};
    CHECK(VerifierKey::parse(ecdsa.to_string()).error().code == Errc::unsupported);
}

TEST_CASE("a checkpoint has one spelling", "[audit]")
{
    const std::string root = to_base64(empty_root().view());
    const auto good = parse_checkpoint("log\n5\n" + root + "\nextension\n");
    REQUIRE(good.has_value());
    CHECK(good->extensions == std::vector<std::string>{"extension"});

    for (const std::string& bad :
         {std::string{}, "log\n5\n" + root, "\n5\n" + root + "\n", "log\n05\n" + root + "\n",
          "log\n-5\n" + root + "\n", "log\n+5\n" + root + "\n", "log\n\n" + root + "\n",
          "log\n9223372036854775808\n" + root + "\n", "log\n5\n" + root.substr(4) + "\n",
          std::string{"log\n5\n"}, "log\n5\n" + root + "\n\n"}) {
        INFO(bad);
        CHECK(parse_checkpoint(bad).error().code == Errc::malformed);
    }
    CHECK(parse_checkpoint("log\n9223372036854775807\n" + root + "\n").has_value());
}
