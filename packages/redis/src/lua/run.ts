/**
 * Operations of one shape that follow one another are on the same counters: these are read with the first of them, and written after the
 * last one. Of each scope there is what `HSET` is to be given, how long its fields are in an operation, and until when its hash is kept.
 * Nothing may fail between an operation that is taken and what is written of it: what is not stored as it should be is left to the
 * code that follows.
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

/** The figures of one scope of an operation: hash, then each field and its value; and where what is asked of them begins. */
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

/** An operation is taken: its figures stand. */
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
