<#
Installs memorygraph-migrate: fetches the archive for this machine, compares it with SHA256SUMS, tries the program, and
only then puts it in place. Writes to that one folder and nowhere else, and never asks for an administrator.
MEMORYGRAPH_MIGRATE_RELEASES names another place than GitHub that keeps the releases in the same order.

Only cmdlets that are compiled, and .NET: a policy that allows no scripts also keeps PowerShell 5.1 from loading its own, such as
Expand-Archive and Get-FileHash. It does not keep it from `irm ... | iex`.
#>
param(
    # The folder for the program.
    [string]$To = (Join-Path $env:LOCALAPPDATA 'Programs\memorygraph-migrate'),
    # A release such as 0.1.0; by default the latest.
    [string]$Version = ''
)

# A block, so that a script that was cut off on its way does nothing.
& {
    $ErrorActionPreference = 'Stop'
    # Windows PowerShell 5.1 draws a progress bar that slows a download down, and knows no newer TLS unasked.
    $ProgressPreference = 'SilentlyContinue'
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

    $from = 'https://github.com/memorygraph/memorygraph-migrate/releases'
    if ($env:MEMORYGRAPH_MIGRATE_RELEASES) { $from = $env:MEMORYGRAPH_MIGRATE_RELEASES }
    # The second is set where an emulated PowerShell runs on another processor.
    $cpu = if ($env:PROCESSOR_ARCHITEW6432) { $env:PROCESSOR_ARCHITEW6432 } else { $env:PROCESSOR_ARCHITECTURE }
    $target = switch ($cpu) {
        'AMD64' { 'windows-x64' }
        'ARM64' { 'windows-arm64' }
        default { throw "There is no build for the processor $cpu. Build it with Bun from the sources." }
    }
    $base = if ($Version) { "$from/download/v$($Version.TrimStart('v'))" } else { "$from/latest/download" }

    $work = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
    New-Item -ItemType Directory -Path $work | Out-Null
    try {
        # The list of sums also tells the name, and with it the version, of the latest archive.
        $sums = Join-Path $work 'SHA256SUMS'
        Invoke-WebRequest -UseBasicParsing -Uri "$base/SHA256SUMS" -OutFile $sums
        $line = @(Get-Content $sums | Where-Object { $_ -match "^[0-9a-f]{64} [ *]memorygraph-migrate-\S+-$target\.zip$" })
        if ($line.Count -ne 1) { throw "The release has no archive for $target. See $from for what there is." }
        $wanted, $archive = $line[0] -split ' [ *]'
        $release = $archive -replace '^memorygraph-migrate-' -replace "-$target\.zip$"
        $file = Join-Path $work $archive
        Invoke-WebRequest -UseBasicParsing -Uri "$from/download/v$release/$archive" -OutFile $file
        $sha256 = [Security.Cryptography.SHA256]::Create()
        $stream = [IO.File]::OpenRead($file)
        try { $hash = $sha256.ComputeHash($stream) } finally { $stream.Dispose(); $sha256.Dispose() }
        $found = [BitConverter]::ToString($hash).Replace('-', '').ToLowerInvariant()
        if ($found -ne $wanted) {
            throw "$archive is not what SHA256SUMS says: $found, not $wanted. Nothing was installed. Try again; if it stays so, report it."
        }

        Add-Type -AssemblyName System.IO.Compression.FileSystem
        [IO.Compression.ZipFile]::ExtractToDirectory($file, $work)
        $program = Join-Path (Join-Path $work ($archive -replace '\.zip$', '')) 'memorygraph-migrate.exe'
        $told = & $program --version
        if ($LASTEXITCODE -ne 0) { throw "The program does not start: $told. Nothing was installed. Please report it." }

        New-Item -ItemType Directory -Force -Path $To | Out-Null
        # Absolute, since .NET has a current folder of its own.
        $place = Join-Path (Resolve-Path -LiteralPath $To).ProviderPath 'memorygraph-migrate.exe'
        $random = [IO.Path]::GetRandomFileName()
        # Beside its place first, so that it appears there whole.
        $staged = "$place.new-$random"
        try {
            Copy-Item -LiteralPath $program -Destination $staged
            # A program that runs can be given another name, and not be overwritten.
            if (Test-Path -LiteralPath $place) { [IO.File]::Replace($staged, $place, "$place.old-$random") }
            else { [IO.File]::Move($staged, $place) }
        } finally {
            Remove-Item -Force -LiteralPath $staged -ErrorAction SilentlyContinue
            # One that still runs goes the next time.
            Remove-Item -Force -Path "$place.old-*" -ErrorAction SilentlyContinue
        }
        Write-Output "installed $told"
        Write-Output "       in $place"
        if (@($env:Path -split ';') -notcontains $To) { Write-Output "next: add $To to your Path" }
    } finally {
        Remove-Item -Recurse -Force -Path $work
    }
}
