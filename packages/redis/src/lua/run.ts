/**
 * Consecutive operations of one shape use the same counters: these are read with the first of them, and written after the last one. For
 * each scope it keeps the arguments of `HSET`, the length of its fields in an operation, and the expiry of its hash. Nothing may fail
 * between an accepted operation and its write: data in an unexpected form is left to the code that follows.
 */
export const runBegins = `local run, runGroups, runTook, runs = false, 0, false, { 0, 0, 0 }`;

const runWrites = `for g = 1, runGroups do call('HSET', unpack(runs[3 * g])) end`;

/** Before an operation: one of another shape ends the run. */
export const runGoesOn = `if shape ~= run then
    if runTook then
      ${runWrites}
    end
    run, runGroups, runTook = shape, 0, false
  end`;

/** The figures of one scope of an operation: hash, then each field and its value; and the position of the requested amounts. */
export const runReads = `if group > runGroups then
      local read = { base .. scope, 'k', sunpack(rep('s', width), data, first) }
      local stored = pcall('HMGET', unpack(read, 1, width + 2))
      if not stored[1] then
        plain = false
        break
      end
      local figures = { read[1], 0, 0, 0, 0, 0, 0, 0, 0 }
      for i = 1, width do figures[2 * i], figures[2 * i + 1] = read[i + 2], stored[i + 1] end
      for i = width + 1, 4 do figures[2 * i], figures[2 * i + 1] = nil, nil end
      runs[3 * group - 2], runs[3 * group - 1] = read[width + 3] - first, 1000 * sunpack('<I4', stored[1])
      runs[3 * group], runGroups = figures, group
    end
    local figures, at, keep = runs[3 * group], first + runs[3 * group - 2], runs[3 * group - 1]`;

/** An operation is accepted: its figures stay. */
export const runTakes = `runTook, done = true, 1
  for g = 1, group do
    local figures = runs[3 * g]
    for i = 3, #figures, 2 do
      done = done + 1
      figures[i] = values[done]
    end
  end`;

/** After the last one. */
export const runEnds = `if runTook then
  ${runWrites}
end`;
