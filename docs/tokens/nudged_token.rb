# Reads the tokens in links that nudged mailed (docs/unsubscribe.md). Ruby 2.7 or newer, nothing else.
#
#   keys = NudgedToken.read_keys(File.read('/etc/nudged/token-keys'))
#   fields = NudgedToken.read(keys, 'unsubscribe', token)   # ['id:7', 'offers'], or nil

require 'json'
require 'openssl'

module NudgedToken
  FIELDS = { 'unsubscribe' => 2, 'preferences' => 1, 'confirm' => 3 }.freeze

  module_function

  # The keys of token_keys_file; `secret`: the bytes of secret_file, for mails of former releases.
  def read_keys(text, secret = nil)
    words = text.lines.map(&:split).reject { |line| line.empty? || line[0].start_with?('#') }
    keys = words.to_h { |name, hex| [name, [hex].pack('H*')] }
    keys['1'] = secret.b.sub(/[\r\n]+\z/n, '') if secret
    keys
  end

  # The bytes of base64url without padding; nil where it has another spelling.
  def decode(text)
    data = text.tr('-_', '+/').unpack1('m')
    [data].pack('m0').tr('+/', '-_').delete('=') == text ? data : nil
  end

  def hmac(key, data)
    OpenSSL::HMAC.digest('SHA256', key, data)
  end

  def unseal(key, tag, sealed)
    blocks = (0..sealed.bytesize / 32).map { |i| hmac(key, "seal\0".b + tag + [i].pack('C')) }
    stream = blocks.join.bytes
    sealed.bytes.each_with_index.map { |byte, i| byte ^ stream[i] }.pack('C*')
  end

  # The fields of a token that one of the keys signed for this purpose; nil: it is void, or expired.
  #
  # unsubscribe: the customer's key, the topic ("all": all); preferences: the customer's key;
  # confirm: the customer's key, the topics with commas between, until when (ms since 1970).
  def read(keys, purpose, token, now_ms = (Time.now.to_f * 1000).to_i)
    name, *parts = token.split('.', -1)
    key = keys[name]
    open = name == '1'
    parts = parts.map { |part| decode(part) }
    return nil if key.nil? || parts.include?(nil) || parts.length != (open ? 2 : 1)
    return nil if !open && parts[0].bytesize < 16

    mac = open ? parts[1] : parts[0].byteslice(0, 16)
    text = open ? parts[0] : unseal(key, mac, parts[0].byteslice(16..-1))
    right = hmac(key, "#{purpose}\0#{name}\0".b + text.b)
    right = right.byteslice(0, 16) unless open
    return nil if mac.bytesize != right.bytesize || !OpenSSL.fixed_length_secure_compare(mac, right)

    fields = text.dup.force_encoding('UTF-8').split("\0", -1)
    return nil if fields.length != FIELDS[purpose]

    purpose == 'confirm' && fields[2].to_i <= now_ms ? nil : fields
  end
end

if $PROGRAM_NAME == __FILE__ # KEYS [SECRET]: of each line "PURPOSE TOKEN" the fields as JSON, or null
  keys = NudgedToken.read_keys(File.read(ARGV[0]), ARGV[1] && File.binread(ARGV[1]))
  $stdin.each_line do |line|
    purpose, token = line.chomp.split(' ', 2)
    puts JSON.generate(NudgedToken.read(keys, purpose, token.to_s))
  end
end
