;; Changes folders that it may only read, with wasi:filesystem: writes, links, renames, removes.
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
      (param "open-flags" $open-flags) (param "flags" $flags) (result (result (own $descriptor) (error $error)))))
    (export "[method]descriptor.create-directory-at" (func
      (param "self" (borrow $descriptor)) (param "path" string) (result (result (error $error)))))
    (export "[method]descriptor.unlink-file-at" (func
      (param "self" (borrow $descriptor)) (param "path" string) (result (result (error $error)))))
    (export "[method]descriptor.symlink-at" (func
      (param "self" (borrow $descriptor)) (param "old-path" string) (param "new-path" string)
      (result (result (error $error)))))
    (export "[method]descriptor.link-at" (func
      (param "self" (borrow $descriptor)) (param "old-path-flags" $path-flags) (param "old-path" string)
      (param "new-descriptor" (borrow $descriptor)) (param "new-path" string) (result (result (error $error)))))
    (export "[method]descriptor.rename-at" (func
      (param "self" (borrow $descriptor)) (param "old-path" string)
      (param "new-descriptor" (borrow $descriptor)) (param "new-path" string) (result (result (error $error)))))))
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
  (core func $make (canon lower (func $types "[method]descriptor.create-directory-at") (memory $memory) (realloc $realloc)))
  (core func $unlink (canon lower (func $types "[method]descriptor.unlink-file-at") (memory $memory) (realloc $realloc)))
  (core func $symlink (canon lower (func $types "[method]descriptor.symlink-at") (memory $memory) (realloc $realloc)))
  (core func $link (canon lower (func $types "[method]descriptor.link-at") (memory $memory) (realloc $realloc)))
  (core func $rename (canon lower (func $types "[method]descriptor.rename-at") (memory $memory) (realloc $realloc)))

  (core module $module
    (import "room" "memory" (memory 1))
    (import "host" "folders" (func $folders (param i32)))
    (import "host" "open" (func $open (param i32 i32 i32 i32 i32 i32 i32)))
    (import "host" "make" (func $make (param i32 i32 i32 i32)))
    (import "host" "unlink" (func $unlink (param i32 i32 i32 i32)))
    (import "host" "symlink" (func $symlink (param i32 i32 i32 i32 i32 i32)))
    (import "host" "link" (func $link (param i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "host" "rename" (func $rename (param i32 i32 i32 i32 i32 i32 i32)))
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
    (data (i32.const 16) "canary.txt")
    (data (i32.const 32) "stolen")
    (data (i32.const 48) "/etc/passwd")
    (func $attack (param $folder i32)
      ;; To write what is there; to make what isn't.
      (call $open
        (local.get $folder) (i32.const 0) (i32.const 16) (i32.const 10) (i32.const 0) (i32.const 2) (i32.const 1024))
      (call $note (i32.const 1))
      (call $open
        (local.get $folder) (i32.const 0) (i32.const 32) (i32.const 6) (i32.const 1) (i32.const 2) (i32.const 1024))
      (call $note (i32.const 2))
      ;; To read it, and have it emptied for that.
      (call $open
        (local.get $folder) (i32.const 0) (i32.const 16) (i32.const 10) (i32.const 8) (i32.const 1) (i32.const 1024))
      (call $note (i32.const 3))
      (call $make (local.get $folder) (i32.const 32) (i32.const 6) (i32.const 1024))
      (call $note (i32.const 4))
      (call $symlink
        (local.get $folder) (i32.const 48) (i32.const 11) (i32.const 32) (i32.const 6) (i32.const 1024))
      (call $note (i32.const 5))
      (call $link
        (local.get $folder) (i32.const 0) (i32.const 16) (i32.const 10)
        (local.get $folder) (i32.const 32) (i32.const 6) (i32.const 1024))
      (call $note (i32.const 6))
      (call $rename
        (local.get $folder) (i32.const 16) (i32.const 10)
        (local.get $folder) (i32.const 32) (i32.const 6) (i32.const 1024))
      (call $note (i32.const 7))
      (call $unlink (local.get $folder) (i32.const 16) (i32.const 10) (i32.const 1024))
      (call $note (i32.const 8)))
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
      (export "folders" (func $folders)) (export "open" (func $open)) (export "make" (func $make))
      (export "unlink" (func $unlink)) (export "symlink" (func $symlink)) (export "link" (func $link))
      (export "rename" (func $rename))))))

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
