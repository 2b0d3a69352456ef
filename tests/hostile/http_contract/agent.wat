;; Sends requests through the contract: to a host, to this machine, to what clouds tell their own.
(component
  (import "turingbox:agent/http@0.1.0" (instance $http
    (type $header' (record (field "name" string) (field "value" (list u8))))
    (export "header" (type $header (eq $header')))
    (type $waits' (record
      (field "connect" (option u32)) (field "read" (option u32)) (field "whole" (option u32))))
    (export "waits" (type $waits (eq $waits')))
    (type $request' (record
      (field "method" string) (field "url" string) (field "headers" (list $header))
      (field "body" (list u8)) (field "waits" (option $waits))))
    (export "request" (type $request (eq $request')))
    (type $response' (record
      (field "status" u16) (field "reason" string) (field "headers" (list $header)) (field "body" (list u8))))
    (export "response" (type $response (eq $response')))
    (type $error' (variant
      (case "denied" string) (case "invalid" string) (case "timeout" string)
      (case "connect-timeout" string) (case "connection" string) (case "tls" string) (case "limit" string)))
    (export "error" (type $error (eq $error')))
    (export "send" (func (param "request" $request) (result (result $response (error $error)))))))
  (core module $room
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 16384))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
      (global.set $free (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $room (instantiate $room))
  (alias core export $room "memory" (core memory $memory))
  (alias core export $room "realloc" (core func $realloc))

  (core func $send (canon lower (func $http "send") (memory $memory) (realloc $realloc)))

  (core module $module
    (import "room" "memory" (memory 1))
    (import "host" "send" (func $send
      (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (global $got (mut i32) (i32.const 0))
    ;; Notes the attempt, by a digit, if its result at 1024 is no error.
    (func $note (param $attempt i32)
      (if (i32.eqz (i32.load8_u (i32.const 1024))) (then (global.set $got (local.get $attempt)))))
    ;; One field, `got`, in JSON: nothing, or the last attempt that got through.
    (data (i32.const 4096) "\00\00\00\00\10\10\00\00\01\00\00\00")
    (data (i32.const 4112) "\30\10\00\00\03\00\00\00\02\00\00\00\40\10\00\00\02\00\00\00")
    (data (i32.const 4144) "got")
    (data (i32.const 4160) "[]")
    (func $answer (result i32)
      (if (global.get $got) (then
        (i32.store8 (i32.const 4161) (i32.add (i32.const 48) (global.get $got)))
        (i32.store8 (i32.const 4162) (i32.const 93))
        (i32.store (i32.const 4128) (i32.const 3))))
      (i32.const 4096))
    (data (i32.const 16) "GET")
    (data (i32.const 32) "CONNECT")
    (data (i32.const 48) "https://example.com/")
    (data (i32.const 80) "http://127.0.0.1/")
    (data (i32.const 112) "http://169.254.169.254/latest/meta-data/")
    (data (i32.const 160) "https://user@example.com/")
    (func $try (param $attempt i32) (param $method i32) (param $length i32) (param $url i32) (param $size i32)
      (call $send
        (local.get $method) (local.get $length) (local.get $url) (local.get $size)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        ;; No waits.
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 1024))
      (call $note (local.get $attempt)))
    (func (export "run") (param i32 i32) (result i32)
      (call $try (i32.const 1) (i32.const 16) (i32.const 3) (i32.const 48) (i32.const 20))
      (call $try (i32.const 2) (i32.const 16) (i32.const 3) (i32.const 80) (i32.const 17))
      (call $try (i32.const 3) (i32.const 16) (i32.const 3) (i32.const 112) (i32.const 40))
      (call $try (i32.const 4) (i32.const 16) (i32.const 3) (i32.const 160) (i32.const 25))
      (call $try (i32.const 5) (i32.const 32) (i32.const 7) (i32.const 48) (i32.const 20))
      (call $answer))
  )
  (core instance $instance (instantiate $module
    (with "room" (instance $room))
    (with "host" (instance
      (export "send" (func $send))))))

  (type $value' (variant (case "text" string) (case "data" (list u8)) (case "json" string)))
  (export $value "value" (type $value'))
  (type $field' (record (field "name" string) (field "value" $value)))
  (export $field "field" (type $field'))
  (type $kind' (enum "error" "source" "output" "memory"))
  (export $kind "failure-kind" (type $kind'))
  (type $failure' (record (field "kind" $kind) (field "message" string) (field "trace" string)))
  (export $failure "failure" (type $failure'))
  (func $run (param "inputs" (list $field)) (result (result (list $field) (error $failure)))
    (canon lift (core func $instance "run") (memory $memory) (realloc $realloc)))
  (export "run" (func $run)))
