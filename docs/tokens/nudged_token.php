<?php
/**
 * Reads the tokens in links that nudged mailed (docs/unsubscribe.md). PHP 7.4 or newer, nothing else.
 *
 *   $keys = nudged_keys(file_get_contents('/etc/nudged/token-keys'));
 *   $fields = nudged_token($keys, 'unsubscribe', $token);   // ['id:7', 'offers'], or null
 */

const NUDGED_FIELDS = ['unsubscribe' => 2, 'preferences' => 1, 'confirm' => 3];

/** The keys of token_keys_file; $secret: what secret_file has, for mails of former releases. */
function nudged_keys(string $text, ?string $secret = null): array
{
    $keys = [];
    foreach (explode("\n", $text) as $line) {
        $words = preg_split('/\s+/', trim($line));
        if ($words[0] !== '' && $words[0][0] !== '#') {
            $keys['id ' . $words[0]] = hex2bin($words[1]);
        }
    }
    if ($secret !== null) {
        $keys['id 1'] = rtrim($secret, "\r\n");
    }
    return $keys;
}

/** The bytes of base64url without padding; null where it has another spelling. */
function nudged_decode(string $text): ?string
{
    $data = base64_decode(strtr($text, '-_', '+/'), true);
    $again = $data === false ? null : rtrim(strtr(base64_encode($data), '+/', '-_'), '=');
    return $again === $text ? $data : null;
}

function nudged_unseal(string $key, string $tag, string $sealed): string
{
    $stream = '';
    for ($i = 0; strlen($stream) < strlen($sealed); $i++) {
        $stream .= hash_hmac('sha256', "seal\0" . $tag . chr($i), $key, true);
    }
    return $sealed ^ substr($stream, 0, strlen($sealed));
}

/**
 * The fields of a token that one of the keys signed for this purpose; null: it is void, or expired.
 *
 * unsubscribe: the customer's key, the topic ("all": all); preferences: the customer's key;
 * confirm: the customer's key, the topics with commas between, until when (ms since 1970).
 */
function nudged_token(array $keys, string $purpose, string $token, ?int $now_ms = null): ?array
{
    $parts = explode('.', $token);
    $name = array_shift($parts);
    $key = $keys['id ' . $name] ?? null;
    $parts = array_map('nudged_decode', $parts);
    if ($key === null || in_array(null, $parts, true) || count($parts) !== ($name === '1' ? 2 : 1)) {
        return null;
    }
    if ($name === '1') {
        [$text, $mac] = $parts;
    } else {
        $mac = substr($parts[0], 0, 16);
        $text = nudged_unseal($key, $mac, substr($parts[0], 16));
    }
    $right = hash_hmac('sha256', "$purpose\0$name\0$text", $key, true);
    if (!hash_equals($name === '1' ? $right : substr($right, 0, 16), $mac)) {
        return null;
    }
    $fields = explode("\0", $text);
    if (count($fields) !== NUDGED_FIELDS[$purpose]) {
        return null;
    }
    if ($purpose === 'confirm' && (int) $fields[2] <= ($now_ms ?? (int) (microtime(true) * 1000))) {
        return null;
    }
    return $fields;
}

/* KEYS [SECRET]: of each line "PURPOSE TOKEN" the fields as JSON, or null. */
if (PHP_SAPI === 'cli' && realpath($argv[0]) === __FILE__) {
    $keys = nudged_keys(file_get_contents($argv[1]), isset($argv[2]) ? file_get_contents($argv[2]) : null);
    while (($line = fgets(STDIN)) !== false) {
        [$purpose, $token] = explode(' ', rtrim($line, "\n"), 2);
        echo json_encode(nudged_token($keys, $purpose, $token), JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES), "\n";
    }
}
