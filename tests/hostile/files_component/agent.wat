;; Opens what is outside of the folders that it is given, with wasi:filesystem.
(component
  (import "wasi:filesystem/types@0.2.0" (instance $types
    (export "descriptor" (type $descriptor (sub resource)))
    (type $error' (enum
      "access" "would-block" "already" "bad-descriptor" "busy" "deadlock" "quota" "exist" "file-too-large"
      "illegal-byte-sequence" "in-progress" "interrupted" "invalid" "io" "is-directory" "loop"
      "too-many-links" "message-size" "name-too-long" "no-device" "no-entry" "no-lock"
      "insufficient-memory" "insufficient-space" "not-directory" "not-empty" "not-recoverable"
      "unsupported" "no-tty" "no-such-device" "overflow" "not-permitted" "pipe" "read-only"
      "invalid-seek" "text-file-busy" "cross-device"))
    (export "error-code" (type $error (eq $error')))
    (type $path-flags' (flags "symlink-follow"))
    (export "path-flags" (type $path-flags (eq $path-flags')))
    (type $open-flags' (flags "create" "directory" "exclusive" "truncate"))
    (export "open-flags" (type $open-flags (eq $open-flags')))
    (type $flags' (flags
      "read" "write" "file-integrity-sync" "data-integrity-sync" "requested-write-sync" "mutate-directory"))
    (export "descriptor-flags" (type $flags (eq $flags')))
    (export "[method]descriptor.open-at" (func
      (param "self" (borrow $descriptor)) (param "path-flags" $path-flags) (param "path" string)
      (param "open-flags" $open-flags) (param "flags" $flags) (result (result (own $descriptor) (error $error)))))))
  (alias export $types "descriptor" (type $descriptor))

  (import "wasi:filesystem/preopens@0.2.0" (instance $preopens
    (alias outer 1 $descriptor (type $outer-descriptor))
    (export "descriptor" (type $descriptor (eq $outer-descriptor)))
    (export "get-directories" (func (result (list (tuple (own $descriptor) string)))))))
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

  (core func $folders (canon lower (func $preopens "get-directories") (memory $memory) (realloc $realloc)))
  (core func $open (canon lower (func $types "[method]descriptor.open-at") (memory $memory) (realloc $realloc)))

  (core module $module
    (import "room" "memory" (memory 1))
    (import "host" "folders" (func $folders (param i32)))
    (import "host" "open" (func $open (param i32 i32 i32 i32 i32 i32 i32)))
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
    (data (i32.const 16) "etc/passwd")
    (data (i32.const 32) "../../../../etc/passwd")
    (data (i32.const 64) "/etc/passwd")
    (data (i32.const 80) "proc/self/environ")
    (data (i32.const 112) ".")
    (func $try (param $attempt i32) (param $folder i32) (param $path i32) (param $length i32)
      (call $open
        (local.get $folder) (i32.const 1) (local.get $path) (local.get $length)
        (i32.const 0) (i32.const 1) (i32.const 1024))
      (call $note (local.get $attempt)))
    (func $attack (param $folder i32)
      (call $try (i32.const 1) (local.get $folder) (i32.const 16) (i32.const 10))
      (call $try (i32.const 2) (local.get $folder) (i32.const 32) (i32.const 22))
      (call $try (i32.const 3) (local.get $folder) (i32.const 64) (i32.const 11))
      (call $try (i32.const 4) (local.get $folder) (i32.const 80) (i32.const 17))
      (call $try (i32.const 5) (local.get $folder) (i32.const 112) (i32.const 1)))
    ;; Attacks from every folder that it is given: twelve bytes each, the handle first.
    (func (export "run") (param i32 i32) (result i32)
      (local $at i32)
      (local $left i32)
      (call $folders (i32.const 1040))
      (local.set $at (i32.load (i32.const 1040)))
      (local.set $left (i32.load (i32.const 1044)))
      (loop $more
        (if (local.get $left) (then
          (call $attack (i32.load (local.get $at)))
          (local.set $at (i32.add (local.get $at) (i32.const 12)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br $more))))
      (call $answer))
  )
  (core instance $instance (instantiate $module
    (with "room" (instance $room))
    (with "host" (instance
      (export "folders" (func $folders)) (export "open" (func $open))))))

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
