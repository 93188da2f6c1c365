#!/usr/bin/perl
# read_mails.pl FILE…: what MIME::Parser finds in each mail, one line of JSON for each:
# {"subject", "note", "to": [[name, address]…], "from": […], "parts": [[type, text]…]}.

use strict;
use warnings;

use Encode ();
use JSON::PP ();
use Mail::Address ();
use MIME::Parser ();
use MIME::Words ();

# Each encoded word is decoded alone: a character in two halves is a fault.
sub decode_words {
    my ($text) = @_;
    my $decoded = '';
    for my $word (MIME::Words::decode_mimewords($text)) {
        my ($bytes, $charset) = @$word;
        $decoded .= Encode::decode($charset || 'us-ascii', $bytes, Encode::FB_CROAK);
    }
    return $decoded;
}

sub field {
    my ($head, $name) = @_;
    my @values = $head->get($name);
    return undef if !@values;
    die "$name is there " . @values . " times\n" if @values > 1;
    $values[0] =~ s/\r?\n\z//;
    $values[0] =~ s/\r?\n(?=[ \t])//g;
    return $values[0];
}

sub addresses {
    my ($text) = @_;
    return [map { [decode_words(unquote($_->phrase)), $_->address] } Mail::Address->parse($text)];
}

sub unquote {
    my ($phrase) = @_;
    $phrase =~ s/\\(.)/$1/g if $phrase =~ s/\A"(.*)"\z/$1/s;
    return $phrase;
}

sub parts {
    my ($entity) = @_;
    return map { parts($_) } $entity->parts if $entity->is_multipart;
    my $charset = $entity->head->mime_attr('content-type.charset') || 'us-ascii';
    my $text = Encode::decode($charset, $entity->bodyhandle->as_string, Encode::FB_CROAK);
    $text =~ s/\r\n/\n/g;
    return [$entity->effective_type, $text];
}

my $json = JSON::PP->new->utf8->canonical;
for my $path (@ARGV) {
    my $parser = MIME::Parser->new;
    $parser->output_to_core(1);
    $parser->tmp_to_core(1);
    my $entity = $parser->parse_open($path);
    my @faults = ($parser->results->errors, $parser->results->warnings);
    die "$path: @faults\n" if @faults;
    my $head = $entity->head;
    print $json->encode({
        subject => decode_words(field($head, 'Subject')),
        note => decode_words(field($head, 'X-Note')),
        to => addresses(field($head, 'To')),
        from => addresses(field($head, 'From')),
        parts => [parts($entity)],
    }), "\n";
}
