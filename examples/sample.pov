// A padlock and its key on a wooden table, in the light of a window. Units are centimetres.
//
//   povray sample.pov +W1600 +H1067 -D +Osample.png
//   convert sample.png -strip -quality 88 -sampling-factor 4:2:0 -interlace JPEG sample.jpg
#version 3.7;

#include "colors.inc"
#include "woods.inc"

global_settings {
  assumed_gamma 1.0
  max_trace_level 8
  radiosity { count 60 error_bound 0.7 nearest_count 8 recursion_limit 2 gray_threshold 0.4 }
}

camera {
  location <4, 6.8, -27>
  look_at <0.7, 3.1, -1>
  right x * 1600 / 1067
  angle 36
  aperture 1.3
  focal_point <-0.6, 2.2, -1.6>
  blur_samples 19, 80
  confidence 0.95
  variance 1 / 2000
}

// ---- light: a window on the left, the warm room behind ------------------------------------------------

light_source {
  <-22, 24, -12>, srgb <1.0, 0.95, 0.86> * 2.2
  area_light <9, 0, 6>, <0, 11, 0>, 5, 5 adaptive 1 jitter
}
light_source {
  <26, 14, -10>, srgb <0.65, 0.75, 1.0> * 0.45
  area_light <8, 0, 0>, <0, 8, 0>, 3, 3 adaptive 1 jitter
}

#declare Glow = finish { ambient 0 diffuse 0 emission 1 }

// What the metal mirrors: the window's panes and a dim room.
union {
  #for (Row, 0, 1)
    #for (Column, 0, 1)
      box { <Column * 7, Row * 9, 0>, <Column * 7 + 6.4, Row * 9 + 8.4, 0.1> }
    #end
  #end
  pigment { srgb <1.0, 0.97, 0.92> * 2.2 }
  finish { Glow }
  rotate y * -62
  translate <-26, 6, -18>
  no_shadow
}
box { // a bright ceiling behind the camera: what the flat faces see
  <-30, 0, 0>, <14, 16, 0.1>
  pigment { gradient y color_map { [0.1 srgb <0.16, 0.12, 0.10>] [0.45 srgb <1.0, 0.94, 0.86> * 1.3] } scale 16 }
  finish { Glow }
  translate <0, 4, -46>
  no_shadow
}
box {
  <-4, 0, 0>, <4, 14, 0.1>
  pigment { srgb <0.7, 0.8, 1.0> * 0.75 }
  finish { Glow }
  rotate y * 60
  translate <24, 4, -12>
  no_shadow
}
sky_sphere {
  pigment {
    gradient y
    color_map {
      [0.0 srgb <0.10, 0.075, 0.06>]
      [0.5 srgb <0.23, 0.17, 0.13>]
      [1.0 srgb <0.42, 0.40, 0.40>]
    }
  }
}

// The far wall, and lamps before it, already as discs.
plane {
  z, -85
  inverse
  pigment {
    gradient y
    color_map { [0 srgb <0.13, 0.17, 0.15>] [1 srgb <0.05, 0.075, 0.08>] }
    scale 60 translate y * -20
  }
  finish { diffuse 0.5 emission 0.35 }
  translate z * 170
}
#declare Dice = seed(12);
#for (I, 1, 22)
  #local Tint = srgb <1.0, 0.62 + 0.3 * rand(Dice), 0.28 + 0.3 * rand(Dice)> * (0.5 + 0.9 * rand(Dice));
  disc {
    0, z, 1
    pigment {
      cylindrical // about y, so turned to face the lens
      color_map {
        [0.00 rgb Tint transmit 1]
        [0.35 rgb Tint transmit 0.25]
        [1.00 rgb Tint transmit 0.15]
      }
      rotate x * 90
    }
    finish { Glow }
    scale 1.5 + 0.9 * rand(Dice)
    translate <-34 + 68 * rand(Dice), 2 + 14 * rand(Dice), 62 + 14 * rand(Dice)>
    no_shadow
    no_reflection
    no_radiosity
  }
#end

// ---- the table ----------------------------------------------------------------------------------------

#macro RoundBox(Half, R)
  union {
    box { <-Half.x + R, -Half.y, -Half.z + R>, <Half.x - R, Half.y, Half.z - R> }
    box { <-Half.x, -Half.y + R, -Half.z + R>, <Half.x, Half.y - R, Half.z - R> }
    box { <-Half.x + R, -Half.y + R, -Half.z>, <Half.x - R, Half.y - R, Half.z> }
    #for (A, -1, 1, 2)
      #for (B, -1, 1, 2)
        cylinder { <-Half.x + R, A * (Half.y - R), B * (Half.z - R)>, <Half.x - R, A * (Half.y - R), B * (Half.z - R)>, R }
        cylinder { <A * (Half.x - R), -Half.y + R, B * (Half.z - R)>, <A * (Half.x - R), Half.y - R, B * (Half.z - R)>, R }
        cylinder { <A * (Half.x - R), B * (Half.y - R), -Half.z + R>, <A * (Half.x - R), B * (Half.y - R), Half.z - R>, R }
        #for (C, -1, 1, 2)
          sphere { <A * (Half.x - R), B * (Half.y - R), C * (Half.z - R)>, R }
        #end
      #end
    #end
  }
#end

#declare Plank = seed(7);
#for (I, -3, 8)
  #local Tone = 0.62 + 0.3 * rand(Plank);
  object {
    RoundBox(<60, 1, 2.96>, 0.07)
    texture {
      pigment {
        wood
        turbulence <0.06, 0.05, 0.25> octaves 4
        color_map {
          [0.00 srgb <0.58, 0.41, 0.27> * Tone]
          [0.45 srgb <0.48, 0.325, 0.205> * Tone]
          [0.85 srgb <0.35, 0.225, 0.14> * Tone]
          [1.00 srgb <0.56, 0.39, 0.25> * Tone]
        }
        scale <0.55, 0.55, 4>
        rotate <2.5 - 5 * rand(Plank), 90, 0>
        translate <40 * rand(Plank), 2 * rand(Plank), 5 * rand(Plank)>
      }
      normal { bumps 0.12 scale <3, 0.15, 0.12> }
      finish { ambient 0 diffuse 0.85 specular 0.07 roughness 0.05 }
    }
    translate <0, -1, I * 6 - 1.5>
  }
#end

// ---- metals -------------------------------------------------------------------------------------------

#declare Brass = texture {
  pigment {
    bozo turbulence 0.6
    color_map { [0 srgb <0.80, 0.66, 0.40>] [0.7 srgb <0.77, 0.62, 0.36>] [1 srgb <0.66, 0.50, 0.28>] }
    scale 1.4
  }
  normal { bumps 0.015 scale 0.25 }
  finish { ambient 0 diffuse 0.25 specular 0.7 roughness 0.015 metallic reflection { 0.68 metallic } conserve_energy }
}
#declare Steel = texture {
  pigment { srgb <0.72, 0.73, 0.75> }
  normal { bumps 0.01 scale 0.3 }
  finish { ambient 0 diffuse 0.2 specular 0.8 roughness 0.008 metallic reflection { 0.62 metallic } conserve_energy }
}
#declare Dark = texture { pigment { srgb 0.02 } finish { ambient 0 diffuse 0.4 specular 0.1 } }

// ---- the padlock --------------------------------------------------------------------------------------

union {
  difference {
    object { RoundBox(<2.7, 2.3, 1.15>, 0.28) }
    torus { 1.02, 0.05 rotate x * 90 translate <0, -0.35, -1.15> }
    cylinder { <0, -0.12, -2>, <0, -0.12, -0.7>, 0.27 }
    box { <-0.13, -1.0, -2>, <0.13, -0.12, -0.7> }
    box { <-3, 1.62, -3>, <3, 1.67, -1.12> }
    box { <-3, -1.72, -3>, <3, -1.67, -1.12> }
    texture { Brass }
    translate y * 2.3
  }
  cylinder { <0, 1.3, -0.72>, <0, 3.1, -0.5>, 0.01 texture { Dark } }
  box { <-0.6, 1.2, -0.75>, <0.6, 2.6, -0.6> texture { Dark } }
  union {
    difference {
      torus { 1.65, 0.4 rotate x * 90 }
      box { <-3, -3, -1>, <3, 0, 1> }
      translate y * 6.3
    }
    cylinder { <-1.65, 4.4, 0>, <-1.65, 6.3, 0>, 0.4 }
    cylinder { <1.65, 4.4, 0>, <1.65, 6.3, 0>, 0.4 }
    texture { Steel }
  }
  union {
    torus { 0.46, 0.07 translate <-1.65, 4.6, 0> }
    torus { 0.46, 0.07 translate <1.65, 4.6, 0> }
    texture { Brass }
  }
  rotate y * 24
  translate <-1.7, 0, 0.6>
}

// ---- the key, lying in front --------------------------------------------------------------------------

union {
  difference {
    union {
      torus { 1.0, 0.26 scale <1, 0.8, 1> }
      torus { 0.42, 0.16 translate x * 1.5 }
    }
    cylinder { <1.5, -1, 0>, <1.5, 1, 0>, 0.2 }
  }
  cylinder { <1.15, 0, 0>, <7.0, 0, 0>, 0.24 }
  sphere { <7.0, 0, 0>, 0.24 }
  torus { 0.26, 0.1 rotate z * 90 translate x * 2.0 }
  torus { 0.26, 0.08 rotate z * 90 translate x * 2.25 }
  torus { 0.26, 0.07 rotate z * 90 translate x * 5.1 }
  difference {
    box { <5.5, -0.12, -1.25>, <6.75, 0.12, 0> }
    box { <5.95, -1, -1.5>, <6.1, 1, -0.75> }
    box { <6.4, -1, -0.62>, <6.9, 1, -0.45> }
    box { <5.4, -1, -1.0>, <5.7, 1, -0.8> }
  }
  texture { Brass }
  rotate x * 4
  rotate y * -13
  translate <-1.6, 0.25, -6.2>
}
