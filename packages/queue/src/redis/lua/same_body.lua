-- FRAGMENT same_body: whether an envelope means the same as a stored one, by their digests (flag 16); one without is compared with nothing.
local function same_body(stored, envelope)
  if bit.band(string.byte(envelope, 2) or 0, 16) == 0 then return true end
  return bit.band(string.byte(stored, 8) or 0, 16) ~= 0 and string.sub(stored, 9, 24) == string.sub(envelope, 3, 18)
end
