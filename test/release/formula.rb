# Evaluates a formula as Homebrew would, on each of its four machines, and prints what it would fetch. Arguments: the formula.
require "json"

class Formula
  class << self
    attr_accessor :machine
    attr_reader :seen

    def inherited(formula) = (@@formulas ||= []) << formula
    def formulas = @@formulas
    def note(key, value) = ((@seen ||= {})[key] = value)
    def on_macos = (yield if Formula.machine[0] == :macos)
    def on_linux = (yield if Formula.machine[0] == :linux)
    def on_arm = (yield if Formula.machine[1] == :arm)
    def on_intel = (yield if Formula.machine[1] == :intel)
    def depends_on(what) = note("depends_on", what)
    def livecheck = nil
    def test = note("tested", true)
    %w[desc homepage version license url sha256].each do |field|
      define_method(field) { |value = nil| value ? note(field, value) : @seen[field] }
    end
  end
end

machines = [:macos, :linux].product([:arm, :intel])
puts JSON.generate(machines.to_h do |machine|
  Formula.machine = machine
  load ARGV[0]
  formula = Formula.formulas.pop
  seen = formula.seen.merge("class" => formula.name, "installs" => formula.method_defined?(:install))
  Object.send(:remove_const, formula.name)
  [machine.join("-"), seen]
end)
