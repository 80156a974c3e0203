-- The record's canonical form in SQL (docs/record.md), byte for byte what core/event makes: a test compares the two.
-- SQLSTATEs of our own begin with SL and go on with the HTTP status that the same mistake has.

CREATE FUNCTION sealstream.refuse(sqlstate_ text, code text, what text, pointer text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF pointer IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = sqlstate_, MESSAGE = code || ': ' || what;
    END IF;
    RAISE EXCEPTION USING ERRCODE = sqlstate_, MESSAGE = code || ': ' || what, DETAIL = 'at ' || pointer;
END
$$;

-- The fewest digits that read back as the same double. Postgres avoids a number exactly between two doubles even where
-- it is shorter (1e23); only numbers that are a multiple of a power of ten up to 23 can be such.
CREATE FUNCTION sealstream.canonical_double(x double precision) RETURNS text
LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
    parts     text[] := regexp_match(x::text, '^(-?)([0-9]+)(?:\.([0-9]+))?(?:e([+-][0-9]+))?$');
    digits    text := parts[2] || coalesce(parts[3], '');
    point     integer := length(parts[2]) + coalesce(parts[4], '0')::integer; -- 0.digits times ten to this
    candidate text;
BEGIN
    point := point - (length(digits) - length(ltrim(digits, '0')));
    digits := trim(both '0' from digits);
    IF abs(x) >= 9007199254740992 AND point <= 40 THEN
        <<shorter>>
        FOR size IN greatest(1, point - 23) .. length(digits) - 1 LOOP
            FOR step IN 0 .. 1 LOOP
                candidate := (left(digits, size)::numeric + step)::text;
                IF (candidate || 'e' || point - size)::double precision = abs(x) THEN
                    point := point + length(candidate) - size;
                    digits := rtrim(candidate, '0');
                    EXIT shorter;
                END IF;
            END LOOP;
        END LOOP;
    END IF;
    IF abs(x) >= 1e-6 AND abs(x) < 9007199254740992 THEN
        RETURN parts[1] || CASE WHEN point <= 0 THEN '0.' || repeat('0', -point) || digits
                                ELSE left(digits, point) || '.' || substr(digits, point + 1) END;
    END IF;
    RETURN parts[1] || left(digits, 1) || CASE WHEN length(digits) > 1 THEN '.' || substr(digits, 2) ELSE '' END
        || 'e' || CASE WHEN point > 0 THEN '+' ELSE '-' END || abs(point - 1);
END
$$;

-- Of a number as it was written: without point and exponent it is an integer and stays exact.
CREATE FUNCTION sealstream.canonical_number(literal text, pointer text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    parts     text[];
    digits    text;
    exponent  text;
    magnitude bigint;
    x         double precision;
BEGIN
    IF literal ~ '^-?[0-9]+$' THEN
        IF length(literal) > 20 OR literal::numeric NOT BETWEEN -9223372036854775808 AND 18446744073709551615 THEN
            PERFORM sealstream.refuse('SL400', 'number_out_of_range', 'an integer beyond 64 bits', pointer);
        END IF;
        RETURN CASE WHEN literal = '-0' THEN '0' ELSE literal END;
    END IF;
    parts := regexp_match(literal, '^-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$');
    digits := parts[1] || coalesce(parts[2], '');
    exponent := coalesce(parts[3], '0');
    IF ltrim(digits, '0') = '' THEN
        RETURN '0';
    END IF;
    IF length(ltrim(exponent, '+-0')) > 12 THEN
        magnitude := CASE WHEN exponent LIKE '-%' THEN -1000 ELSE 1000 END;
    ELSE
        magnitude := length(parts[1]) - (length(digits) - length(ltrim(digits, '0'))) + exponent::bigint;
    END IF;
    IF magnitude < -330 THEN
        RETURN '0';
    ELSIF magnitude BETWEEN -300 AND 300 THEN
        x := literal::double precision;
    ELSIF magnitude < 0 THEN
        BEGIN
            x := literal::double precision;
        EXCEPTION WHEN numeric_value_out_of_range THEN
            RETURN '0';
        END;
    ELSE
        BEGIN
            x := literal::double precision;
        EXCEPTION WHEN numeric_value_out_of_range THEN
            PERFORM sealstream.refuse('SL400', 'number_out_of_range', 'a number that no double holds', pointer);
        END;
    END IF;
    IF abs(x) < 9007199254740992 AND trunc(x) = x THEN
        RETURN x::bigint::text;
    END IF;
    RETURN sealstream.canonical_double(x);
END
$$;

-- Text sorts by UTF-16 code units (RFC 8785, 3.2.3) when this sorts by bytes: U+E000 to U+FFFF come after all that
-- takes a surrogate pair.
CREATE FUNCTION sealstream.utf16_order(name text) RETURNS text
LANGUAGE sql STABLE STRICT AS $$
    SELECT CASE WHEN octet_length(name) = length(name) THEN name
        ELSE regexp_replace(replace(name, U&'\+10FFFF', U&'\+10FFFF\0001'),
                            '([\uE000-\uFFFF])', U&'\+10FFFF' || '\1', 'g') END
$$;

CREATE FUNCTION sealstream.canonical_json(value json, depth integer, pointer text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    members integer;
    names   integer;
    written text;
BEGIN
    CASE json_typeof(value)
    WHEN 'string' THEN
        RETURN to_json(value #>> '{}')::text;
    WHEN 'number' THEN
        RETURN sealstream.canonical_number(trim(both E' \t\r\n' from value::text), pointer);
    WHEN 'boolean', 'null' THEN
        RETURN trim(both E' \t\r\n' from value::text);
    ELSE
        IF depth >= 64 THEN
            PERFORM sealstream.refuse('SL400', 'too_deep', 'nested deeper than 64 levels', pointer);
        END IF;
    END CASE;
    IF json_typeof(value) = 'array' THEN
        SELECT string_agg(sealstream.canonical_json(element.value, depth + 1, pointer || '/' || element.ordinality - 1),
                          ',' ORDER BY element.ordinality)
        INTO written FROM json_array_elements(value) WITH ORDINALITY AS element;
        RETURN '[' || coalesce(written, '') || ']';
    END IF;
    SELECT count(*), count(DISTINCT member.key COLLATE "C"),
           string_agg(to_json(member.key)::text || ':' || sealstream.canonical_json(
                          member.value, depth + 1,
                          pointer || '/' || replace(replace(member.key, '~', '~0'), '/', '~1')),
                      ',' ORDER BY sealstream.utf16_order(member.key) COLLATE "C")
    INTO members, names, written FROM json_each(value) AS member;
    IF names < members THEN
        PERFORM sealstream.refuse('SL400', 'duplicate_key', 'an object names a member twice', pointer || '/' || (
            SELECT replace(replace(member.key, '~', '~0'), '/', '~1') FROM json_each(value) AS member
            GROUP BY 1 HAVING count(*) > 1 LIMIT 1));
    END IF;
    RETURN '{' || coalesce(written, '') || '}';
END
$$;

CREATE FUNCTION sealstream.rfc3339(nanoseconds bigint) RETURNS text
LANGUAGE sql STABLE STRICT AS $$
    SELECT to_char(timestamp '1970-01-01' + make_interval(secs => (nanoseconds - mod_) / 1000000000), -- whole seconds
                   'YYYY-MM-DD"T"HH24:MI:SS')
        || CASE WHEN mod_ = 0 THEN '' ELSE '.' || rtrim(lpad(mod_::text, 9, '0'), '0') END || 'Z'
    FROM (SELECT mod(mod(nanoseconds, 1000000000) + 1000000000, 1000000000)) AS parts (mod_)
$$;

-- UUID version 8 of an idempotency key: the same that every other way to append gives it.
CREATE FUNCTION sealstream.id_of_key(source text, key text) RETURNS uuid
LANGUAGE sql STABLE STRICT AS $$
    SELECT encode(set_byte(set_byte(digest, 6, get_byte(digest, 6) & 15 | 128), 8, get_byte(digest, 8) & 63 | 128),
                  'hex')::uuid
    FROM (SELECT substr(sha256(convert_to('sealstream/idempotency-key/v1', 'UTF8') || '\x00'
        || int4send(octet_length(source)) || convert_to(source, 'UTF8')
        || int4send(octet_length(key)) || convert_to(key, 'UTF8')), 1, 16)) AS hashed (digest)
$$;

-- Version 7, as RFC 9562, 5.7.
CREATE FUNCTION sealstream.new_id() RETURNS uuid
LANGUAGE sql VOLATILE AS $$
    SELECT encode(overlay(set_byte(random, 6, get_byte(random, 6) & 15 | 112) PLACING
        substr(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 3) FROM 1 FOR 6), 'hex')::uuid
    FROM (SELECT uuid_send(gen_random_uuid())) AS made (random)
$$;

-- 366 random bits of the server's strong generator, in 32 bytes.
CREATE FUNCTION sealstream.new_salt() RETURNS bytea
LANGUAGE sql VOLATILE AS $$
    SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
$$;

-- core/event/stream_chain.cpp
CREATE FUNCTION sealstream.chain_hash(
    prev_hash bytea, version bigint, stream text, type text, id uuid, source text, actor text, time_ns bigint,
    key text, salt bytea, data text, meta text) RETURNS bytea
LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to('sealstream/stream-chain/v1', 'UTF8') || '\x00' || prev_hash || int8send(version)
        || int4send(octet_length(stream)) || convert_to(stream, 'UTF8')
        || int4send(octet_length(type)) || convert_to(type, 'UTF8') || uuid_send(id)
        || int4send(octet_length(source)) || convert_to(source, 'UTF8')
        || int4send(octet_length(coalesce(actor, ''))) || convert_to(coalesce(actor, ''), 'UTF8')
        || int8send(coalesce(time_ns, -9223372036854775808))
        || int4send(octet_length(coalesce(key, ''))) || convert_to(coalesce(key, ''), 'UTF8') || salt
        || int4send(octet_length(data)) || convert_to(data, 'UTF8')
        || int4send(octet_length(coalesce(meta, ''))) || convert_to(coalesce(meta, ''), 'UTF8'))
$$;

-- core/event/codec_json.cpp; data and meta are canonical already.
CREATE FUNCTION sealstream.json_record(
    id uuid, type text, stream text, version bigint, source text, actor text, time_ns bigint, data text, meta text,
    key text, salt bytea, prev_hash bytea, hash bytea) RETURNS bytea
LANGUAGE sql STABLE AS $$
    SELECT convert_to('{' || coalesce('"actor":' || to_json(actor)::text || ',', '') || '"data":' || data
        || coalesce(',"hash":"' || encode(hash, 'hex') || '"', '') || ',"id":"' || id || '"'
        || coalesce(',"key":' || to_json(key)::text, '') || coalesce(',"meta":' || meta, '')
        || coalesce(',"prev_hash":"' || encode(prev_hash, 'hex') || '"', '')
        || ',"salt":"' || rtrim(translate(encode(salt, 'base64'), '+/', '-_'), '=') || '"'
        || ',"source":' || to_json(source)::text || ',"stream":' || to_json(stream)::text
        || coalesce(',"time":"' || sealstream.rfc3339(time_ns) || '"', '')
        || ',"type":' || to_json(type)::text || ',"v":1,"version":"' || version || '"}', 'UTF8')
$$;
