// Reads the tokens in links that nudged mailed (docs/unsubscribe.md). Go 1.18 or newer, nothing else.
// As a program it reads lines; copy ReadKeys and ReadToken into yours:
//
//	keys, err := ReadKeys(text, nil)
//	fields := ReadToken(keys, "unsubscribe", token, time.Now())   // []string{"id:7", "offers"}, or nil
package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

var fieldsOf = map[string]int{"unsubscribe": 2, "preferences": 1, "confirm": 3}

// ReadKeys has the keys of token_keys_file; secret: the bytes of secret_file, for mails of former
// releases, or nil.
func ReadKeys(text string, secret []byte) (map[string][]byte, error) {
	keys := map[string][]byte{}
	for _, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) < 2 || strings.HasPrefix(words[0], "#") {
			continue
		}
		key, err := hex.DecodeString(words[1])
		if err != nil {
			return nil, err
		}
		keys[words[0]] = key
	}
	if secret != nil {
		keys["1"] = bytes.TrimRight(secret, "\r\n")
	}
	return keys, nil
}

func sum(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, part := range parts {
		mac.Write(part)
	}
	return mac.Sum(nil)
}

// decode has the bytes of base64url without padding; false where it has another spelling.
func decode(text string) ([]byte, bool) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return data, err == nil && base64.RawURLEncoding.EncodeToString(data) == text
}

func unseal(key, tag, sealed []byte) []byte {
	text, stream := make([]byte, len(sealed)), []byte(nil)
	for i := range sealed {
		if i%32 == 0 {
			stream = sum(key, []byte("seal\x00"), tag, []byte{byte(i / 32)})
		}
		text[i] = sealed[i] ^ stream[i%32]
	}
	return text
}

// ReadToken has the fields of a token that one of the keys signed for this purpose; nil: it is void,
// or expired.
//
// unsubscribe: the customer's key, the topic ("all": all); preferences: the customer's key;
// confirm: the customer's key, the topics with commas between, until when (ms since 1970).
func ReadToken(keys map[string][]byte, purpose, token string, now time.Time) []string {
	parts := strings.Split(token, ".")
	name, open := parts[0], parts[0] == "1"
	key, known := keys[name]
	if !known || (open && len(parts) != 3) || (!open && len(parts) != 2) {
		return nil
	}
	text, whole := decode(parts[1])
	if !whole || (!open && len(text) < 16) {
		return nil
	}
	var mac []byte
	if open {
		if mac, whole = decode(parts[2]); !whole {
			return nil
		}
	} else {
		mac, text = text[:16], unseal(key, text[:16], text[16:])
	}
	right := sum(key, []byte(purpose+"\x00"+name+"\x00"), text)
	if !open {
		right = right[:16]
	}
	if !hmac.Equal(mac, right) {
		return nil
	}
	fields := strings.Split(string(text), "\x00")
	if len(fields) != fieldsOf[purpose] {
		return nil
	}
	if purpose == "confirm" {
		until, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil || until <= now.UnixMilli() {
			return nil
		}
	}
	return fields
}

// KEYS [SECRET]: of each line "PURPOSE TOKEN" the fields as JSON, or null.
func main() {
	text, err := os.ReadFile(os.Args[1])
	var secret []byte
	if err == nil && len(os.Args) > 2 {
		secret, err = os.ReadFile(os.Args[2])
	}
	keys, wrong := ReadKeys(string(text), secret)
	if err != nil || wrong != nil {
		fmt.Fprintln(os.Stderr, err, wrong)
		os.Exit(1)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		purpose, token, _ := strings.Cut(lines.Text(), " ")
		out := json.NewEncoder(os.Stdout)
		out.SetEscapeHTML(false)
		out.Encode(ReadToken(keys, purpose, token, time.Now()))
	}
}
