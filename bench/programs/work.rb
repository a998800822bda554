# SPDX-License-Identifier: MIT
# Ruby: strings beyond the embedded size, hashes, arrays, symbols.
scale = Integer(ARGV[0])
3.times do |turn|
  rows = (0...scale * 800).map do |i|
    { id: i, name: "a rather long name of row number #{i * 7919 % 10_007}", tags: (0..i % 5).map { |j| "tag#{j}" } }
  end
  groups = rows.group_by { |row| row[:name] }
  text = groups.keys.sort.join(";")
  parts = text.split(";").map { |part| part.gsub(/\d+/) { |digits| (digits.to_i * 3).to_s } }
  buffer = +""
  parts.each { |part| buffer << part << "\n" }
  puts "#{turn} #{groups.size} #{text.size} #{buffer.size} #{rows.sum { |row| row[:tags].size }}"
end
