{{- define "nines.redisConf" -}}
bind * -::*
# Who may connect is for the network policies to say; what each may do, for the users: these two, and those of the command.
protected-mode no
# Nobody can be it, and it may do everything: as default Redis reads its own log back, and leaves out each transaction that default may not do (redis/redis#14541).
user default off ~* &* +@all
user probe on nopass resetkeys resetchannels -@all +ping
dir /data
appendonly yes
appendfsync everysec
save ""
# A queue must refuse what it cannot keep, never forget what it has taken.
maxmemory-policy noeviction
# 70 % of the container's limit: the rest is for rewriting the log, for clients and for fragmentation.
maxmemory {{ div (mul (int .Values.redis.memoryMi) 70) 100 }}mb
{{- end }}

{{/* The keys and channels of the queue between api and worker, whatever partition they are of. */}}
{{- define "nines.redisKeys" -}}
{nines:{{ default "webhooks" .Values.settings.QUEUE_NAMESPACE }}:*}:deliveries:*
{{- end }}

{{/* Commands that api and worker send or that the scripts of the queue call for them; a test compares them with those scripts. */}}
{{- define "nines.redisCommands.connect" -}}
info eval evalsha subscribe unsubscribe
{{- end }}
{{- define "nines.redisCommands.api" -}}
exists hdel hexists hget hincrby hkeys hlen hmget hscan hset lindex llen lpush lrange lrem publish rpush sadd scard sismember smembers smismember srem time zadd zcard zcount zrange zrangebyscore zrank zrem zscore
{{- end }}
{{- define "nines.redisCommands.worker" -}}
exists hdel hexists hget hincrby hlen hmget hscan hset hsetnx lindex llen lpop lpush lrange publish rpush sadd scard sinter sismember smembers smismember spop srem time zadd zcard zcount zrange zrangebyscore zrem zscore
{{- end }}
{{/* Whoever is on call: the queue as the api sees it, and what a Redis says of itself. Nothing that changes the server but rewriting its log. */}}
{{- define "nines.redisCommands.operator" -}}
{{ include "nines.redisCommands.api" . }} ping type memory|usage slowlog|get latency|latest client|list acl|log acl|whoami bgrewriteaof lastsave
{{- end }}

{{/* One user as arguments of redis-server: Kubernetes puts the password into $(…), so no shell does, and no ConfigMap holds it. */}}
{{- define "nines.redisUser" -}}
- --user
- {{ .user }}
- "on"
- ">$({{ upper .user }}_PASSWORD)"
- resetkeys
- {{ printf "~%s" (include "nines.redisKeys" .root) | quote }}
- resetchannels
- {{ printf "&%s" (include "nines.redisKeys" .root) | quote }}
- -@all
{{- range splitList " " (printf "%s %s" (include "nines.redisCommands.connect" .root) (include (printf "nines.redisCommands.%s" .user) .root)) }}
- +{{ . }}
{{- end }}
{{- end }}
